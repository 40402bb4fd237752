package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	handleSignals(stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// repeatedSignal is how long a second signal counts as the first: programs that start
// others, such as timeout, send it to the process and then to its group.
const repeatedSignal = 300 * time.Millisecond

// handleSignals makes signals end the program: the first calls stop, so that commands
// end cleanly, and the second ends the process at once.
func handleSignals(stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// SIGPIPE may come from a peer that closed its connection, which must not end
	// the program. A brokenPipeWriter notices when nobody reads the output.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		<-signals
		first := time.Now()
		stop()
		for range signals {
			if time.Since(first) > repeatedSignal {
				clearTerminal()
				os.Exit(exitInterrupted)
			}
		}
	}()
}

// clearTime is how long a terminal may take to erase what is drawn on it. One that the
// user stopped with Ctrl-S takes for ever.
const clearTime = 100 * time.Millisecond

// clearTerminal erases what is drawn from the cursor on, so that the shell does not write
// into it.
func clearTerminal() {
	if _, _, ok := terminal.WindowSize(os.Stdout); !ok || os.Getenv("TERM") == "dumb" {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		os.Stdout.WriteString("\r\x1b[J")
	}()
	select {
	case <-done:
	case <-time.After(clearTime):
	}
}
