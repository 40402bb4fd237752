// Command swarmsim runs named swarms on a simulated clock and prints how they went.
//
//	go run ./swarmsim/cmd/swarmsim                      # all scenarios
//	go run ./swarmsim/cmd/swarmsim -scenario flash -slots 4,8,20 -seed 1,2 -svg flash.svg
//	go run ./swarmsim/cmd/swarmsim -scenario flash -picker rarest,random,sequential
//	go run ./swarmsim/cmd/swarmsim -scenario flash -rules rarest/tit-for-tat,random/all
//	go run ./swarmsim/cmd/swarmsim -misbehave           # 10 of 50 peers misbehave for an hour, in each way
//
// Several values of -scenario, -seed, -slots, -picker and -choker, separated by commas, run
// all combinations; -rules names pickers with their chokers instead. Times are in seconds
// of the swarm, but for the last column. Bound is the time before which not all honest
// peers can have everything; first, median and last are when they had. Mean is the time from arrival to the last
// piece. Copies is how often the seed had sent each piece when the last one had left it,
// and seed done is when that was.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/swarmsim"
	"github.com/shoal-bt/shoal/swarmsim/scenario"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "swarmsim:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	scenarios, seeds, slots, pickers, chokers string // lists
	rules                                     string // list of picker/choker; empty means all combinations
	json, misbehave                           bool
	svg, profile                              string
	base                                      scenario.Options
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("swarmsim", flag.ContinueOnError)
	f.StringVar(&o.scenarios, "scenario", "", "`names` of scenarios; empty means all:\n"+describe())
	f.StringVar(&o.seeds, "seed", "1", "seeds of chance: the same one gives the same swarm")
	f.StringVar(&o.slots, "slots", "0", "upload slots; 0 means the protocol's default, negative means no limit")
	f.StringVar(&o.pickers, "picker", scenario.Pickers()[0], strings.Join(scenario.Pickers(), ", "))
	f.StringVar(&o.chokers, "choker", scenario.Chokers()[0], strings.Join(scenario.Chokers(), ", "))
	f.StringVar(&o.rules, "rules", "", "`picker/choker` pairs, instead of -picker and -choker")
	f.IntVar(&o.base.Peers, "peers", 0, "number of peers; 0 means the scenario's")
	f.IntVar(&o.base.Pieces, "pieces", 0, "number of pieces of 256 KiB; 0 means the scenario's")
	f.IntVar(&o.base.Connections, "connections", 0, "of one peer; 0 means 40")
	f.BoolVar(&o.misbehave, "misbehave", false, "run each way in which a peer can misbehave, and fail if it hurts an honest one")
	f.DurationVar(&o.base.Time, "time", 0, "simulated time for which peers misbehave; 0 means an hour")
	f.BoolVar(&o.json, "json", false, "print the results as JSON")
	f.StringVar(&o.svg, "svg", "", "write completion over time to a `file`")
	f.StringVar(&o.profile, "cpuprofile", "", "write a profile to a `file`")
	err = f.Parse(args)
	all := scenario.All()
	if o.misbehave {
		all = scenario.Misbehaviors()
		o.base.Peers = cmp.Or(o.base.Peers, 50)
		o.base.Pieces = cmp.Or(o.base.Pieces, 1000)
	}
	if o.scenarios == "" {
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		o.scenarios = strings.Join(names, ",")
	}
	return o, err
}

func describe() string {
	var b strings.Builder
	for _, s := range scenario.All() {
		fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Purpose)
	}
	return strings.TrimSpace(b.String())
}

func run(args []string, out io.Writer) error {
	o, err := parse(args)
	if err == flag.ErrHelp {
		return nil
	}
	if err != nil {
		return err
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	rows, err := o.runAll(out)
	if err != nil {
		return err
	}
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "\t")
		if err := e.Encode(rows); err != nil {
			return err
		}
	}
	if o.svg == "" {
		return nil
	}
	return writeSVG(o.svg, rows)
}

// runAll runs all combinations, and prints a line after each unless JSON is wanted.
func (o options) runAll(out io.Writer) (rows []row, err error) {
	if o.rules == "" {
		var pairs []string
		for _, pair := range combinations(o.pickers, o.chokers) {
			pairs = append(pairs, strings.Join(pair, "/"))
		}
		o.rules = strings.Join(pairs, ",")
	}
	all := combinations(o.scenarios, o.seeds, o.slots, o.rules)
	if !o.json {
		printHeader(out)
	}
	var wrong []error
	for _, c := range all {
		r, err := o.runOne(c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
		if !o.json {
			r.print(out)
		}
		if o.misbehave {
			err := scenario.Judge(r.Result)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s, seed %d: %w", r.Scenario, r.Result.Seed, err))
			}
		}
	}
	return rows, errors.Join(wrong...)
}

// combinations returns all ways to take one item of each list.
func combinations(lists ...string) [][]string {
	all := [][]string{nil}
	for _, list := range lists {
		var longer [][]string
		for _, c := range all {
			for _, item := range strings.Split(list, ",") {
				longer = append(longer, append(slices.Clone(c), item))
			}
		}
		all = longer
	}
	return all
}

// runOne runs one combination, in the order in which runAll gives the lists.
func (o options) runOne(c []string) (r row, err error) {
	base := o.base
	r.Scenario = c[0]
	var isPair bool
	r.Picker, r.Choker, isPair = strings.Cut(c[3], "/")
	if !isPair {
		return r, fmt.Errorf("-rules: %q has no slash: write picker/choker, such as rarest/tit-for-tat", c[3])
	}
	base.Picker, base.Choker = r.Picker, r.Choker
	s, err := scenario.Find(r.Scenario)
	if err != nil {
		return r, err
	}
	base.Seed, err = strconv.ParseUint(c[1], 10, 64)
	if err != nil {
		return r, fmt.Errorf("-seed: %q is no positive number", c[1])
	}
	base.Slots, err = strconv.Atoi(c[2])
	if err != nil {
		return r, fmt.Errorf("-slots: %q is no number", c[2])
	}
	r.Slots = base.Slots
	sim, err := s.Sim(base)
	if err != nil {
		return r, err
	}
	began := time.Now()
	r.Result, err = sim.Run()
	r.Seconds = time.Since(began).Seconds()
	return r, err
}

func writeSVG(file string, rows []row) error {
	var curves []swarmsim.Curve
	for i, name := range names(rows) {
		curves = append(curves, swarmsim.Curve{Name: name, Result: rows[i].Result})
	}
	var b bytes.Buffer
	if err := swarmsim.DrawCompletion(&b, "Completion over time", curves...); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
