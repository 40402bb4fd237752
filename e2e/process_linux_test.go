package e2e

import (
	"os/exec"
	"runtime"
	"syscall"
)

// starts are carried out by one thread that never ends.
var starts = make(chan func())

func init() {
	go func() {
		runtime.LockOSThread()
		for start := range starts {
			start()
		}
	}()
}

// startWithUs starts a process that ends with us, also if we are killed. What the
// kernel takes for the parent is the thread that started it.
func startWithUs(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := make(chan error)
	starts <- func() { err <- c.Start() }
	return <-err
}
