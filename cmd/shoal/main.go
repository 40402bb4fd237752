package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	heed(stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// sameSignal is how long a second signal counts as the first: programs that start
// others, such as timeout, send it to the process and then to its group.
const sameSignal = 300 * time.Millisecond

// heed makes signals end the program: the first calls stop, so that commands leave
// cleanly, and the second ends the process at once.
func heed(stop func()) {
	leave := make(chan os.Signal, 2)
	signal.Notify(leave, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(leave, syscall.SIGHUP)
	}
	// The signal may also be about a peer that hung up, which is no reason to
	// end. That nobody reads our output shows when it is written.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		<-leave
		first := time.Now()
		stop()
		for range leave {
			if time.Since(first) > sameSignal {
				os.Exit(exitInterrupted)
			}
		}
	}()
}
