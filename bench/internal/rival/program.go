package rival

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/metainfo"
)

// A Program is a client with a command of its own. It does not dial: Transmission
// refuses peers on 127.0.0.0/8, and aria2 takes peers from trackers alone. So its peer
// dials it.
type Program struct {
	Name    string // in tables
	Package string // of Debian
	Seeds   bool   // its seeding is worth measuring
	binary  string
	prepare func(*job) ([]string, error)              // writes settings, returns arguments
	ready   func(context.Context, *job) (bool, error) // it takes connections now
}

// Programs are all that bench knows. Transmission 3.00 answers requests twice a second,
// so its rate to one connection is only what the leecher asks for in that time.
var Programs = []Program{
	{
		Name:    "transmission",
		Package: "transmission-daemon",
		binary:  "transmission-daemon",
		prepare: prepareTransmission,
		ready:   transmissionReady,
	},
	{
		Name:    "aria2",
		Package: "aria2",
		Seeds:   true,
		binary:  "aria2c",
		prepare: prepareAria2,
		ready:   aria2Ready,
	},
}

// A job is what a program is to do.
type job struct {
	torrent  string
	folder   string // of the content
	home     string // for its own files
	id       [20]byte
	port     int    // where it takes peers
	control  int    // where it takes commands
	finished string // a script for it to run when the download is complete
	rpc      *rpc
}

// host is the address of every program.
const host = "127.0.0.1"

// address returns where peers dial.
func (j *job) address() string { return net.JoinHostPort(host, strconv.Itoa(j.port)) }

// version matches the first number with a point.
var version = regexp.MustCompile(`\d+\.\d[\d.]*`)

// Version returns the version of the program; false if it is not installed.
func (c Program) Version() (string, bool) {
	out, err := exec.Command(c.binary, "--version").CombinedOutput()
	if err != nil {
		return "", false
	}
	return string(version.Find(out)), true
}

// Run starts the program and stops it when the parent has enough. It says "ready" with
// the program's address and process ID. A program that downloads is then dialed by its
// peer, and Run says "done" when the program has everything.
func (c Program) Run(p *child.Parent, seed bool, torrent, folder string) (err error) {
	j := job{torrent: torrent, folder: folder}
	tor, err := metainfo.ReadFile(torrent)
	if err != nil {
		return err
	}
	j.id = tor.Info.HashV1
	if j.home, err = os.MkdirTemp(filepath.Dir(torrent), c.Name+"-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.home)) }()
	complete := filepath.Join(j.home, "complete")
	j.finished = filepath.Join(j.home, "finished.sh")
	script := fmt.Sprintf("#!/bin/sh\n: >'%s'\n", complete)
	if err := os.WriteFile(j.finished, []byte(script), 0o755); err != nil {
		return err
	}
	if j.port, j.control, err = freePorts(); err != nil {
		return err
	}
	args, err := c.prepare(&j)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(p.Context())
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		stop(nil)
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stop(fmt.Errorf("%s ended: %v", c.Name, cmd.Wait()))
	}()
	defer func() {
		stop(nil)
		<-ended
	}()
	if err := poll(ctx, func() (bool, error) { return c.ready(ctx, &j) }); err != nil {
		return err
	}
	if err := p.Say("ready", fmt.Sprint(j.address(), " ", cmd.Process.Pid)); err != nil {
		return err
	}
	if seed {
		p.Rest()
		return nil
	}
	err = poll(ctx, func() (bool, error) {
		_, err := os.Stat(complete)
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	return p.Done("")
}

// step is the time between two calls of poll's function.
const step = 5 * time.Millisecond

// poll calls f until it reports true or an error, or until ctx ends.
func poll(ctx context.Context, f func() (bool, error)) error {
	t := time.NewTicker(step)
	defer t.Stop()
	for {
		if done, err := f(); done || err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// freePorts returns two ports that nobody listened on a moment ago.
func freePorts() (a, b int, err error) {
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", host+":0")
		if err != nil {
			return 0, 0, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports[0], ports[1], nil
}
