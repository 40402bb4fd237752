package e2e

import (
	"os/exec"
	"syscall"
)

// dieWithUs has the process end with us, also if we are killed.
func dieWithUs(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
