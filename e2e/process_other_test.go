//go:build !linux

package e2e

import "os/exec"

func startWithUs(c *exec.Cmd) error { return c.Start() }
