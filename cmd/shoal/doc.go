// Shoal downloads, shares, makes and checks torrents.
//
// In come arguments, environment variables (SHOAL_DIR for --dir, and so on),
// .torrent files and signals; out go files, lines for people on a terminal or in a
// pipe, and with --json one object a line for programs. Most commands are a file of
// this package; run is the whole program without a process around it. The packages
// below it know nothing of commands: console, terminal, progress, quantity, shell and description
// write for people; advice and troubleshoot say what to do about errors, usage and address
// what is wrong with arguments, unsupported what Shoal cannot use of a torrent; creation has
// the flags of torrents that are made, interrupt ends what blocks, filesystem, target and
// destination look at where files go, selection and chooser choose which, and torrentsource
// reads torrents by what names them. Package demonstration is the demo and sample its content; dhttool
// has the commands of "shoal dht", trackertool those about trackers.
//
// The commands wire package client and the modules below it and hold no protocol
// of their own. Exit codes are 0 for done, 1 for failed, 2 for wrong usage, and
// 130 for interrupted. Passkeys in announce URLs are shown by inspect and magnet alone.
//
// Not here: a daemon.
package main
