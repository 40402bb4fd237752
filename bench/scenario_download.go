package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// download is one torrent from seeders that are faster than any leecher.
func (r *runner) download() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "download", Title: "Download from a seeder that is faster",
		Note: "1 MiB pieces in one file from one peer, where nothing else is said. `floor` reads, hashes with SHA-1 of the standard library and writes, and nothing else. Transmission and aria2 are measured from their first request on.",
	}}
	s.contenders = []contender{{"floor", r.leecher(plain, 1, func(dir string, peers []string) []string {
		return r.command("floor", r.path(plain), dir+"/"+contentName, peers[0])
	}, nil)}}
	shoal := func(name, torrent string, peers int) {
		s.contenders = append(s.contenders, contender{name, r.leecher(torrent, peers, func(dir string, peers []string) []string {
			return r.own("leech", r.path(torrent), dir, peers)
		}, nil)})
	}
	shoal("shoal", plain, 1)
	if r.libtorrent != nil {
		s.contenders = append(s.contenders, contender{"libtorrent", r.leecher(plain, 1, func(dir string, peers []string) []string {
			return r.libtorrent.Command("leech", append([]string{r.path(plain), dir}, peers...)...)
		}, nil)})
	}
	for _, c := range r.programs {
		s.contenders = append(s.contenders, contender{c.Name, r.dialed(c.Name)})
	}
	shoal("shoal, 256 KiB pieces", small, 1)
	shoal("shoal, 16 MiB pieces", large, 1)
	shoal("shoal, 8 peers", plain, 8)
	shoal("shoal, 500 files", files, 1)
	return s
}

// leecher returns a run that downloads a torrent from a blast with the given number
// of addresses. The time includes sync if that is not nil.
func (r *runner) leecher(torrent string, peers int, command func(dir string, peers []string) []string, sync func(dir string) error) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		dir, remove, err := r.target()
		if err != nil {
			return nil, err
		}
		defer remove()
		blast, err := r.start(ctx, "blast", "-ports", peers, r.path(torrent), r.path(contentName), "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer blast.Stop()
		addrs, err := fields(ctx, blast)
		if err != nil {
			return nil, err
		}
		var f child.Figures
		if sync == nil {
			f, err = r.measure(ctx, command(dir, addrs))
		} else {
			f, err = r.measureSynced(ctx, command(dir, addrs), func() error { return sync(dir) })
		}
		return values(f, r.size), err
	}
}

// rivalLimit is how long a run of a rival may take that is a program of its own. One that
// hangs is reported, and the others are measured.
const rivalLimit = 10 * time.Minute

// dialed returns a run that downloads with a rival that its peer dials. The time is from
// the rival's first request on, because Transmission first waits for its next round.
func (r *runner) dialed(name string) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		ctx, cancel := context.WithTimeout(ctx, rivalLimit)
		defer cancel()
		dir, remove, err := r.target()
		if err != nil {
			return nil, err
		}
		defer remove()
		blast, err := r.start(ctx, "blast", "-dial", r.path(plain), r.path(contentName))
		if err != nil {
			return nil, err
		}
		defer blast.Stop()
		if _, err := blast.Ready(ctx); err != nil {
			return nil, err
		}
		leecher, addr, err := r.startRival(ctx, name, "leech", dir)
		if err != nil {
			return nil, err
		}
		defer leecher.Stop()
		if err := blast.Say(addr); err != nil {
			return nil, err
		}
		if _, err := blast.Expect(ctx, "asked"); err != nil {
			return nil, err
		}
		m, err := leecher.Mark()
		if err != nil {
			return nil, err
		}
		if _, err := leecher.Expect(ctx, "done"); err != nil {
			return nil, err
		}
		f, err := leecher.Since(m)
		return values(f, r.size), err
	}
}

// startRival starts a rival that is a program of its own, and returns it and its
// address when it is ready. Its figures are those of the program.
func (r *runner) startRival(ctx context.Context, name, role, dir string) (*child.Process, string, error) {
	// It has to stop the program, so an interrupt does not kill it.
	p, err := r.start(context.WithoutCancel(ctx), "rival", name, role, r.path(plain), dir)
	if err != nil {
		return nil, "", err
	}
	words, err := fields(ctx, p)
	if err == nil && len(words) != 2 {
		err = fmt.Errorf("%s said %q, not its address and process ID", name, words)
	}
	var pid int
	if err == nil {
		pid, err = strconv.Atoi(words[1])
	}
	if err != nil {
		return nil, "", errors.Join(err, p.Stop())
	}
	p.Measure(pid)
	return p, words[0], nil
}
