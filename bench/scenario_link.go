package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/wan"
)

// linkRate and linkDelay are what the link is like, each way.
const (
	linkRate  = 200 // Mbit/s
	linkDelay = 50 * time.Millisecond
)

// link is a download over a link where bytes take long: a good one, or one that
// loses packets.
func (r *runner) link(name string, loss float64) *scenario {
	length := min(r.size, linkMost)
	s := &scenario{Scenario: report.Scenario{
		Name: name, Title: fmt.Sprintf("Long link: %d Mbit/s, %v one way", linkRate, linkDelay),
		Note: fmt.Sprintf("%d MiB in 256 KiB pieces from `blast`. `sink` has 600 requests under way and throws the bytes away.", length>>20),
	}}
	if loss > 0 {
		s.Title += fmt.Sprintf(", %g %% of packets lost", 100*loss)
	}
	l := r.carried(s, "-loss", loss)
	carry := s.open
	s.open = func(ctx context.Context) error {
		if err := carry(ctx); err != nil {
			return err
		}
		return r.prepare(ctx)
	}
	run := func(name string, command func(dir, peer string) []string) {
		s.contenders = append(s.contenders, contender{name, func(ctx context.Context) (report.Values, error) {
			dir, remove, err := r.target()
			if err != nil {
				return nil, err
			}
			defer remove()
			seeder, err := child.Start(ctx, append(l.near, r.command("blast", r.path(distant), r.path(contentName), wan.Near+":0")...)...)
			if err != nil {
				return nil, err
			}
			defer seeder.Stop()
			addrs, err := fields(ctx, seeder)
			if err != nil {
				return nil, err
			}
			f, err := r.measure(ctx, append(l.far, command(dir, addrs[0])...))
			return values(f, length), err
		}})
	}
	run("sink", func(_, peer string) []string { return r.command("sink", "-late", "-depth", 600, r.path(distant), peer) })
	run("shoal", func(dir, peer string) []string { return r.own("leech", r.path(distant), dir, peer) })
	if r.libtorrent != nil {
		run("libtorrent", func(dir, peer string) []string { return r.libtorrent.Command("leech", r.path(distant), dir, peer) })
	}
	return s
}

// carriedLink is what to put before a command, to run it at an end of a link.
type carriedLink struct{ near, far []string }

// carried has a scenario begin and end a link.
func (r *runner) carried(s *scenario, args ...any) *carriedLink {
	l := &carriedLink{}
	var carrier *child.Process
	s.open = func(ctx context.Context) error {
		if err := wan.Missing(); err != nil {
			return fmt.Errorf("%w: %w", errLeftOut, err)
		}
		// It has to clean up, so an interrupt does not kill it.
		var err error
		if carrier, err = r.start(context.WithoutCancel(ctx), append([]any{"carry"}, args...)...); err != nil {
			return err
		}
		ends, err := fields(ctx, carrier)
		if err == nil {
			l.near, l.far = []string{"ip", "netns", "exec", ends[0]}, []string{"ip", "netns", "exec", ends[1]}
		}
		return err
	}
	s.close = func() {
		if carrier != nil {
			carrier.Stop()
		}
	}
	return l
}

// carry is the part that is the link. It says the names of the ends' namespaces.
func carry(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	link := wan.Link{Queue: 2 * linkDelay}
	flags.DurationVar(&link.Delay, "delay", linkDelay, "one way")
	flags.Float64Var(&link.Rate, "rate", linkRate, "Mbit/s each way")
	flags.Float64Var(&link.Loss, "loss", 0, "probability that a packet is lost")
	if err := flags.Parse(args); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // the parent hears it too, and ends us when the others have ended
	e, err := wan.Join(link)
	if err != nil {
		return err
	}
	if err := p.Say("ready", strings.Join([]string{e.Near, e.Far}, " ")); err == nil {
		<-p.Context().Done()
	}
	return e.Close()
}
