package rival

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/shoal-bt/shoal/bench/internal/announce"
	"github.com/shoal-bt/shoal/bench/internal/child"
)

// Opentracker is the name of Debian's package and of its program.
const Opentracker = "opentracker"

// HasOpentracker reports whether opentracker is installed.
func HasOpentracker() bool {
	_, err := exec.LookPath(Opentracker)
	return err == nil
}

// RunOpentracker runs opentracker over UDP, with its files in dir, until the parent has
// enough. It says "ready" with its address and process ID. Debian's serves only swarms of
// a list, so it gets that of a load.
func RunOpentracker(p *child.Parent, dir string, l announce.Load) (err error) {
	port, _, err := freePorts()
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp(dir, Opentracker+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	config := filepath.Join(home, "conf")
	text := fmt.Sprintf("listen.udp %s:%d\ntracker.rootdir %s\naccess.whitelist list\n", host, port, home)
	var list []byte
	for i := range l.Swarms {
		list = fmt.Appendf(list, "%x\n", l.Swarm(i))
	}
	err = errors.Join(os.Chmod(home, 0o755), os.WriteFile(config, []byte(text), 0o644), os.WriteFile(filepath.Join(home, "list"), list, 0o644))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(p.Context())
	cmd := exec.CommandContext(ctx, Opentracker, "-f", config)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		stop(nil)
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stop(fmt.Errorf("%s ended: %v", Opentracker, cmd.Wait()))
	}()
	defer func() {
		stop(nil)
		<-ended
	}()
	l.Addr = netip.AddrPortFrom(netip.MustParseAddr(host), uint16(port))
	err = poll(ctx, func() (bool, error) { return l.Ready(ctx), nil })
	if err != nil {
		return err
	}
	if err := p.Say("ready", fmt.Sprint(l.Addr, " ", cmd.Process.Pid)); err != nil {
		return err
	}
	p.Rest()
	return nil
}
