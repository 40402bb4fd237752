package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/processor"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// names are the scenarios, in the order of the report.
var names = []string{"download", "seed1", "seed8", "random", "recheck", "disk", "hash", "many", "idle", "link", "lossy", "magnet", "attack", "tracker", "dht", "choose", "stream", "reader"}

// plotted are the bars of the plot.
var plotted = []report.Group{
	{Title: "Download from one peer", Scenario: "download", Contenders: []string{"floor", "shoal", "libtorrent", "transmission", "aria2"}},
	{Title: "Seed to one connection", Scenario: "seed1", Contenders: []string{"blast", "shoal", "libtorrent", "aria2"}},
	{Title: "Seed to 8 connections", Scenario: "seed8", Contenders: []string{"blast", "shoal", "libtorrent"}},
}

// errLeftOut says that a scenario cannot be measured here.
var errLeftOut = errors.New("left out")

// errFailed says that some contender failed.
var errFailed = errors.New("not everything could be measured")

func main() {
	if found, err := runPart(os.Args[1:]); found {
		exit(err)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// exit ends the process if err is not nil.
func exit(err error) {
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what args ask for. The tables go to out, progress to log.
func run(ctx context.Context, args []string, out, log io.Writer) (err error) {
	o, err := parse(args, log)
	if err != nil {
		return err
	}
	if len(o.plot) > 0 {
		return plot(o.plot, out)
	}
	r, err := openRunner(o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	measured := report.Report{
		Time:    time.Now(),
		Machine: processor.Describe(),
		Class:   cmp.Or(o.class, r.features.String()),
		Go:      runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		Rivals:  r.rivals,
		Size:    r.size,
		Rounds:  r.rounds,
	}
	fmt.Fprintln(log, "class of the processor:", measured.Class)
	failed := false
	for _, s := range r.scenarios() {
		if len(o.only) > 0 && !slices.Contains(o.only, s.Name) {
			continue
		}
		s.contenders = slices.DeleteFunc(s.contenders, func(c contender) bool { return !o.of.MatchString(c.name) })
		switch err := r.compare(ctx, s); {
		case errors.Is(err, errLeftOut):
			fmt.Fprintln(log, err)
			continue
		case err != nil:
			return err
		}
		failed = failed || len(s.Errors) > 0
		measured.Scenarios = append(measured.Scenarios, s.Scenario)
	}
	if err := save(&measured, o.out, out); err != nil {
		return err
	}
	if failed {
		return errFailed
	}
	return nil
}

// save writes the tables to out, and everything to a folder if one is given.
func save(r *report.Report, dir string, out io.Writer) error {
	if err := r.Markdown(out); err != nil || dir == "" {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	write := func(name string, f func(io.Writer) error) error {
		w, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		return errors.Join(f(w), w.Close())
	}
	err := errors.Join(write("bench.md", r.Markdown), write("bench.json", r.JSON))
	if report.Plots(plotted, r) {
		err = errors.Join(err, write("bench.svg", func(w io.Writer) error { return report.Plot(w, plotted, r) }))
	}
	return err
}

// plot draws what earlier runs measured: each scenario from the first of the files,
// each a bench.json, that has it.
func plot(files []string, out io.Writer) error {
	var reports []*report.Report
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		r := new(report.Report)
		if err := json.Unmarshal(b, r); err != nil {
			return fmt.Errorf("-plot: %s is not a bench.json: %w", name, err)
		}
		reports = append(reports, r)
	}
	if !report.Plots(plotted, reports...) {
		return errors.New("-plot: these files have no scenario that the plot shows: download, seed1 or seed8")
	}
	return report.Plot(out, plotted, reports...)
}
