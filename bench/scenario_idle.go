package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/content"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// many is a great number of torrents that nobody wants anything of.
func (r *runner) many() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "many", Title: fmt.Sprintf("%d torrents of %d pieces, seeding, no peers", r.torrents, content.ManyPieces),
		Note: "Started from .torrent files and, Shoal, from its records. Each of Shoal's announces to a tracker, another process; libtorrent has seed mode and no trackers. RSS and idle CPU are taken when all have announced.",
	}}
	var tracker *child.Process
	dir := r.path("many")
	s.open = func(ctx context.Context) (err error) {
		if tracker, err = r.start(ctx, "tracker"); err != nil {
			return err
		}
		addr, err := tracker.Ready(ctx)
		if err == nil {
			err = r.run(ctx, "prepare-many", "-n", r.torrents, dir, "http://"+addr+"/announce")
		}
		if err == nil {
			err = r.run(ctx, "record", dir+"/torrents", dir+"/data", dir+"/state")
		}
		return err
	}
	s.close = func() {
		if tracker != nil {
			tracker.Stop()
		}
		os.RemoveAll(dir)
	}
	s.contenders = []contender{{"shoal", func(ctx context.Context) (report.Values, error) {
		return r.seedMany(ctx, r.own("many", dir+"/torrents", dir+"/data", dir+"/state"), tracker)
	}}}
	if r.libtorrent != nil {
		s.contenders = append(s.contenders, contender{"libtorrent", func(ctx context.Context) (report.Values, error) {
			return r.seedMany(ctx, r.libtorrent.Command("many", dir+"/torrents", dir+"/data"), nil)
		}})
	}
	return s
}

// seedMany measures a process that seeds many torrents, each of which announces to the
// tracker if there is one.
func (r *runner) seedMany(ctx context.Context, command []string, tracker *child.Process) (report.Values, error) {
	before, err := announces(ctx, tracker)
	if err != nil {
		return nil, err
	}
	p, err := child.Start(ctx, command...)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	if _, err := p.Ready(ctx); err != nil {
		return nil, err
	}
	f, _, err := p.Go(ctx)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(idleWait); tracker != nil; {
		now, err := announces(ctx, tracker)
		if err != nil {
			return nil, err
		}
		if now >= before+r.torrents {
			break
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%d of %d torrents announced", now-before, r.torrents)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
	share, after, err := r.idle(ctx, p)
	return report.Values{
		report.Start: f.Wall.Seconds(), report.CPU: f.CPU.Seconds(), report.Idle: share,
		report.RSS: mib(after.RSS), report.Peak: mib(after.Peak), report.Each: float64(after.RSS) / 1024 / float64(r.torrents),
	}, err
}

// announces returns how many announces a tracker had.
func announces(ctx context.Context, tracker *child.Process) (int, error) {
	if tracker == nil {
		return 0, nil
	}
	if err := tracker.Say("?"); err != nil {
		return 0, err
	}
	s, err := tracker.Expect(ctx, "announces")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(s)
}

// idleConns is a great number of connections on which nothing happens.
func (r *runner) idleConns() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "idle", Title: fmt.Sprintf("%d idle connections to one seeding torrent", r.conns),
		Note: "By connection: what the process takes more with them than without, in resident memory.",
	}}
	s.contenders = []contender{{"shoal", r.holder(r.ownSeeder())}}
	if r.libtorrent != nil {
		s.contenders = append(s.contenders, contender{"libtorrent", r.holder(r.libtorrent.Command("seed", "127.0.0.1:0", r.path(plain), r.dir))})
	}
	return s
}

// holder returns a run that measures a seeder with idle connections.
func (r *runner) holder(command []string) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		seeder, err := child.Start(ctx, command...)
		if err != nil {
			return nil, err
		}
		defer seeder.Stop()
		addrs, err := fields(ctx, seeder)
		if err != nil {
			return nil, err
		}
		alone, err := r.awaitIdle(ctx, seeder)
		if err != nil {
			return nil, err
		}
		hold, err := r.start(ctx, "hold", "-conns", r.conns, r.path(plain), addrs[0])
		if err != nil {
			return nil, err
		}
		defer hold.Stop()
		if _, err := hold.Ready(ctx); err != nil {
			return nil, err
		}
		share, f, err := r.idle(ctx, seeder)
		if err != nil {
			return nil, err
		}
		if err := hold.Say("?"); err != nil {
			return nil, err
		}
		if lost, err := hold.Expect(ctx, "lost"); err != nil || lost != "0" {
			return nil, fmt.Errorf("the seeder ended %s connections (%v)", lost, err)
		}
		return report.Values{
			report.Idle: share, report.RSS: mib(f.RSS), report.Peak: mib(f.Peak),
			report.Each: float64(f.RSS-alone.RSS) / 1024 / float64(r.conns),
		}, nil
	}
}
