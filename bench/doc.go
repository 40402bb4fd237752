// Command bench measures Shoal beside simple programs that do the least possible work,
// and beside libtorrent, Transmission and aria2 if they are installed; and the program
// under attack beside the same without attackers.
//
//	go run ./bench [-size 2G] [-rounds 5] [-only download,...] [-out DIR]
//
// Contenders take turns, round after round, each as a process of its own; shown are
// medians, their ratios, and the bounds that the project set itself for this class of
// processor. Only ratios within one run mean anything: absolute figures move from
// machine to machine.
// Content is stored in memory (/dev/shm) if the system has that, and is deleted at
// the end, even after an interrupt. DIR gets the tables (bench.md), every run
// (bench.json) and a plot (bench.svg). On Linux the CPU time and memory of a process
// are read from /proc while it lives; elsewhere some figures are left out.
//
// Nothing leaves the machine. Root is not needed but for the scenarios link, lossy,
// magnet and stream, which are left out without it.
package main
