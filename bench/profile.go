package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/shoal-bt/shoal/bench/internal/child"
)

// profileFlag is in front of where a part writes profiles of itself, as its last
// argument.
const profileFlag = "-profile="

// profile has the process write a CPU profile from now until the parent has enough,
// and a heap profile then: to file.cpu and file.heap.
func profile(p *child.Parent, file string) error {
	cpu, err := os.Create(file + ".cpu")
	if err != nil {
		return err
	}
	heap, err := os.Create(file + ".heap")
	if err != nil {
		return errors.Join(err, cpu.Close())
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return errors.Join(err, cpu.Close(), heap.Close())
	}
	p.AtEnd = func() {
		pprof.StopCPUProfile()
		runtime.GC() // so that the heap is what is in use
		err := errors.Join(pprof.WriteHeapProfile(heap), heap.Close(), cpu.Close())
		if err != nil {
			os.Stderr.WriteString("profile: " + err.Error() + "\n")
		}
	}
	return nil
}
