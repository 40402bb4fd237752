package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/announce"
	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/rival"
)

// peersOfSwarm is how many peers a swarm of the scenario has.
const peersOfSwarm = 10

// trackers are trackers that answer announces as fast as they can.
func (r *runner) trackers() *scenario {
	swarms := max(1, r.peers/peersOfSwarm)
	s := &scenario{Scenario: report.Scenario{
		Name: "tracker", Title: fmt.Sprintf("A tracker of %d peers in %d swarms", r.peers, swarms),
		Note: "Each peer announced once; then peers in random order announce over UDP, 256 at a time, or over 8 HTTP connections. `empty` is a `net/http` handler that does nothing. CPU and memory are the tracker's.",
	}, open: func(ctx context.Context) error { return r.buildShoal(ctx) }}
	add := func(name string, isHTTP bool, command func() []string) {
		s.contenders = append(s.contenders, contender{name, func(ctx context.Context) (report.Values, error) {
			return r.track(ctx, isHTTP, command(), swarms)
		}})
	}
	if rival.HasOpentracker() {
		add("opentracker, UDP", false, func() []string { return r.command("serve", rival.Opentracker, r.dir, swarms) })
	}
	for i, p := range r.targets() {
		name := ""
		if p.name != "" {
			name = "; " + p.name
		}
		add("shoal, UDP"+name, false, func() []string { return r.command("serve", "shoal-udp", r.targets()[i].path) })
		add("shoal, HTTP"+name, true, func() []string { return r.command("serve", "shoal-http", r.targets()[i].path) })
	}
	add("empty, HTTP", true, func() []string { return r.command("serve", "empty", "-") })
	return s
}

// track measures one tracker.
func (r *runner) track(ctx context.Context, isHTTP bool, command []string, swarms int) (report.Values, error) {
	// It has to end a program, so an interrupt does not kill it.
	tracker, err := child.Start(context.WithoutCancel(ctx), command...)
	if err != nil {
		return nil, err
	}
	defer tracker.Stop()
	said, err := fields(ctx, tracker)
	if err != nil {
		return nil, err
	}
	if len(said) == 2 {
		pid, err := strconv.Atoi(said[1])
		if err != nil {
			return nil, err
		}
		tracker.Measure(pid)
	}
	load, err := r.start(ctx, "announce", fmt.Sprintf("-http=%v", isHTTP), "-peers", r.peers, "-swarms", swarms, "-time", r.announceTime(), said[0])
	if err != nil {
		return nil, err
	}
	defer load.Stop()
	if _, err := load.Ready(ctx); err != nil {
		return nil, err
	}
	m, err := tracker.Mark()
	if err != nil {
		return nil, err
	}
	_, text, err := load.Go(ctx)
	if err != nil {
		return nil, err
	}
	f, err := tracker.Since(m)
	if err != nil {
		return nil, err
	}
	var count announce.Count
	if err := json.Unmarshal([]byte(text), &count); err != nil {
		return nil, err
	}
	n := float64(count.Answers)
	v := report.Values{
		report.Answers: n / f.Wall.Seconds(),
		report.Lost:    100 * float64(count.Lost) / max(1, float64(count.Answers+count.Lost)),
		report.RSS:     mib(f.RSS),
	}
	if f.CPU > 0 {
		v[report.CPU], v[report.PerCPU] = f.CPU.Seconds(), n/f.CPU.Seconds()
	}
	return v, nil
}

// announceTime returns how long peers announce.
func (r *runner) announceTime() time.Duration {
	if r.quick {
		return 100 * time.Millisecond
	}
	return 4 * time.Second
}

// runAnnounce is the part that announces.
func runAnnounce(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	var l announce.Load
	flags.BoolVar(&l.HTTP, "http", false, "over HTTP, not UDP")
	flags.IntVar(&l.Peers, "peers", 1000, "peers")
	flags.IntVar(&l.Swarms, "swarms", 100, "swarms")
	d := flags.Duration("time", time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 1, func(a []string) (err error) {
		if l.Addr, err = netip.ParseAddrPort(a[0]); err != nil {
			return err
		}
		if _, err := l.Fill(p.Context()); err != nil {
			return err
		}
		if err := p.Ready(""); err != nil {
			return err
		}
		count, err := l.Run(p.Context(), *d)
		if err != nil {
			return err
		}
		b, err := json.Marshal(count)
		return errors.Join(err, p.Done(string(b)))
	})
}

// runServe is the part that runs a tracker. It says "ready" with the tracker's address and
// process ID, and ends it when the parent has enough.
func runServe(p *child.Parent, args []string) error {
	signal.Ignore(os.Interrupt)
	return with(args, 2, func(a []string) error {
		switch a[0] {
		case rival.Opentracker:
			return with(a, 3, func(a []string) error {
				n, err := strconv.Atoi(a[2])
				if err != nil {
					return err
				}
				return rival.RunOpentracker(p, a[1], announce.Load{Peers: n, Swarms: n})
			})
		case "shoal-udp":
			return serveShoal(p, a[1], "announceUDP")
		case "shoal-http":
			return serveShoal(p, a[1], "announce")
		case "empty":
			return serveEmpty(p)
		}
		return fmt.Errorf("there is no tracker %q", a[0])
	})
}

// serveShoal runs the program. Of its announce URLs it uses that with the given key.
func serveShoal(p *child.Parent, program, key string) (err error) {
	ctx, stop := context.WithCancel(p.Context())
	cmd := exec.CommandContext(ctx, program, "tracker", "--listen", "127.0.0.1:0", "--json", "--max-torrents=-1", "--max-total-peers=-1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		stop()
		return err
	}
	if err := cmd.Start(); err != nil {
		stop()
		return err
	}
	defer func() {
		stop()
		if ended := cmd.Wait(); ended != nil && p.Context().Err() == nil {
			err = errors.Join(err, ended)
		}
	}()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		return errors.New("shoal tracker says nothing")
	}
	var said map[string]any
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
		return err
	}
	url, ok := said[key].(string)
	if !ok {
		return fmt.Errorf("shoal tracker does not say %s: %s", key, lines.Text())
	}
	_, addr, _ := strings.Cut(strings.TrimSuffix(url, "/announce"), "://")
	if err := p.Say("ready", fmt.Sprint(addr, " ", cmd.Process.Pid)); err != nil {
		return err
	}
	go func() {
		for lines.Scan() { // the program waits if nobody reads
		}
	}()
	p.Rest()
	return nil
}

// serveEmpty runs an HTTP server that answers nothing.
func serveEmpty(p *child.Parent) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	if err := p.Say("ready", fmt.Sprint(l.Addr(), " ", os.Getpid())); err != nil {
		return err
	}
	p.Rest()
	server.Close()
	<-served
	return nil
}
