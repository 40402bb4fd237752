package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/dhtload"
	"github.com/shoal-bt/shoal/bench/internal/ours"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

const (
	dhtNodes  = 200                   // that the node knows
	dhtRate   = 1000                  // queries that it serves, per second
	floodRate = 50_000                // of floods, per second
	dhtDelay  = 50 * time.Millisecond // after which others answer it
	lookups   = 20                    // whose median is taken
)

// dhtNode is a node of the DHT among others: idle, serving queries, and flooded.
func (r *runner) dhtNode() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "dht", Title: fmt.Sprintf("A node of the DHT that knows %d others", dhtNodes),
		Note: fmt.Sprintf("%d queries a second: 40 %% find_node, 40 %% get_peers, 15 %% announce_peer, 5 %% put, without limits. Floods of %d queries a second, with limits: the median time of %d look-ups, in s, without and with them; others answer after %v. CPU and memory are the node's.",
			dhtRate, floodRate, lookups, dhtDelay),
	}, open: func(context.Context) error { return nil }}
	s.contenders = []contender{
		{"shoal, idle", func(ctx context.Context) (report.Values, error) { return r.serveDHT(ctx, 0) }},
		{"shoal, serving", func(ctx context.Context) (report.Values, error) { return r.serveDHT(ctx, dhtRate) }},
		{"shoal, flood of one address", func(ctx context.Context) (report.Values, error) { return r.floodDHT(ctx, 1) }},
		{"shoal, flood of 200 addresses", func(ctx context.Context) (report.Values, error) { return r.floodDHT(ctx, 200) }},
	}
	return s
}

// startDHT starts a node, and others around it.
func (r *runner) startDHT(ctx context.Context, limit, rate int) (node, others *child.Process, addr string, err error) {
	node, err = child.Start(ctx, r.own("node", "-limit", limit)...)
	if err != nil {
		return nil, nil, "", err
	}
	addr, err = node.Ready(ctx)
	if err == nil {
		others, err = r.start(ctx, "dht", "-rate", rate, "-nodes", dhtNodes, "-time", r.watch, addr)
	}
	if err != nil {
		node.Stop()
		return nil, nil, "", err
	}
	_, err = others.Ready(ctx)
	if err != nil {
		others.Stop()
		node.Stop()
	}
	return node, others, addr, err
}

// serveDHT measures a node that serves queries at a rate; 0 means none.
func (r *runner) serveDHT(ctx context.Context, rate int) (report.Values, error) {
	node, others, _, err := r.startDHT(ctx, -1, rate)
	if err != nil {
		return nil, err
	}
	defer node.Stop()
	defer others.Stop()
	if rate == 0 {
		share, f, err := r.idle(ctx, node)
		return report.Values{report.Idle: share, report.RSS: mib(f.RSS), report.Peak: mib(f.Peak)}, err
	}
	m, err := node.Mark()
	if err != nil {
		return nil, err
	}
	_, text, err := others.Go(ctx)
	if err != nil {
		return nil, err
	}
	f, err := node.Since(m)
	if err != nil {
		return nil, err
	}
	var c dhtload.Count
	err = json.Unmarshal([]byte(text), &c)
	if err != nil {
		return nil, err
	}
	if c.Errors > 0 {
		return nil, fmt.Errorf("the node refused %d of %d queries", c.Errors, c.Sent)
	}
	v := report.Values{
		report.Answers: float64(c.Answers) / f.Wall.Seconds(),
		report.Lost:    100 * float64(c.Sent-c.Answers) / float64(max(1, c.Sent)),
		report.RSS:     mib(f.RSS),
		report.Peak:    mib(f.Peak),
	}
	if f.CPU > 0 {
		v[report.Busy], v[report.PerCPU] = 100*f.CPU.Seconds()/f.Wall.Seconds(), float64(c.Answers)/f.CPU.Seconds()
	}
	return v, nil
}

// floodDHT measures look-ups of a node beside a flood of some addresses.
func (r *runner) floodDHT(ctx context.Context, addrs int) (report.Values, error) {
	node, others, addr, err := r.startDHT(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	defer node.Stop()
	defer others.Stop()
	alone, err := r.lookUp(ctx, node)
	if err != nil {
		return nil, err
	}
	flood, err := r.start(ctx, "dht", "-flood", floodRate, "-nodes", addrs, "-time", time.Minute, addr)
	if err != nil {
		return nil, err
	}
	defer flood.Stop()
	_, err = flood.Ready(ctx)
	if err != nil {
		return nil, err
	}
	err = flood.Say("go")
	if err != nil {
		return nil, err
	}
	err = pause(ctx, min(time.Second, r.watch)) // it has begun
	if err != nil {
		return nil, err
	}
	before, began, err := sentBy(ctx, flood)
	if err != nil {
		return nil, err
	}
	m, err := node.Mark()
	if err != nil {
		return nil, err
	}
	with, err := r.lookUp(ctx, node)
	if err != nil {
		return nil, err
	}
	f, err := node.Since(m)
	if err != nil {
		return nil, err
	}
	after, ended, err := sentBy(ctx, flood)
	if err != nil {
		return nil, err
	}
	rate := float64(after-before) / ended.Sub(began).Seconds()
	v := report.Values{report.Queries: rate, report.Without: alone, report.With: with, report.Share: with / alone, report.Peak: mib(f.Peak)}
	if f.CPU > 0 {
		v[report.Busy] = 100 * f.CPU.Seconds() / f.Wall.Seconds()
	}
	return v, nil
}

// sentBy asks a flood how many queries it has sent, and says when.
func sentBy(ctx context.Context, flood *child.Process) (n int64, at time.Time, err error) {
	err = flood.Say("sent")
	if err != nil {
		return 0, at, err
	}
	text, err := flood.Expect(ctx, "sent")
	if err != nil {
		return 0, at, err
	}
	n, err = strconv.ParseInt(text, 10, 64)
	return n, time.Now(), err
}

// lookUp returns the median time of some look-ups, in seconds.
func (r *runner) lookUp(ctx context.Context, node *child.Process) (float64, error) {
	n := lookups
	if r.quick {
		n = 3
	}
	err := node.Say(strconv.Itoa(n))
	if err != nil {
		return 0, err
	}
	text, err := node.Expect(ctx, "looked")
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

// runNode is the part that is a node.
func runNode(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	limit := flags.Int("limit", 0, "queries that are served per second; 0 for the defaults, negative for no limit")
	err := flags.Parse(args)
	if err != nil {
		return err
	}
	return ours.Node(p, *limit)
}

// saySent says how many queries a flood has sent, each time that it is asked.
func saySent(p *child.Parent, l *dhtload.Load) {
	for {
		_, err := p.Hear()
		if err == nil {
			err = p.Say("sent", strconv.FormatInt(l.Sent(), 10))
		}
		if err != nil {
			return
		}
	}
}

// runDHT is the part that is the other nodes, or a flood.
func runDHT(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	l := dhtload.Load{Net: 1, Delay: dhtDelay}
	flags.IntVar(&l.Nodes, "nodes", 10, "addresses")
	rate := flags.Int("rate", 0, "queries per second")
	flood := flags.Int("flood", 0, "queries per second of strangers")
	d := flags.Duration("time", time.Second, "how long")
	err := flags.Parse(args)
	if err != nil {
		return err
	}
	return with(flags.Args(), 1, func(a []string) (err error) {
		l.To, err = netip.ParseAddrPort(a[0])
		if err != nil {
			return err
		}
		if *flood > 0 {
			l.Net = 2
		}
		err = l.Open()
		if err != nil {
			return err
		}
		defer l.Close()
		if *flood == 0 {
			err = l.Meet(p.Context())
		}
		if err == nil {
			err = p.Ready("")
		}
		if err != nil {
			return err
		}
		run := l.Run
		if *flood > 0 {
			*rate, run = *flood, l.Flood
			go saySent(p, &l)
		}
		c, err := run(p.Context(), *rate, *d)
		if err != nil {
			return err
		}
		b, err := json.Marshal(c)
		return errors.Join(err, p.Done(string(b)))
	})
}
