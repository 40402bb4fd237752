// Command swarmsim runs named swarms on a simulated clock and prints how they went.
//
//	go run ./swarmsim/cmd/swarmsim                      # all scenarios
//	go run ./swarmsim/cmd/swarmsim -scenario flash -slots 4,8,20 -svg flash.svg
//	go run ./swarmsim/cmd/swarmsim -scenario flash -picker rarest,random,sequential
//
// Several values of -slots, -picker and -choker, separated by commas, run all
// combinations. Bound is the time before which not all honest peers can have everything;
// first, median and last are when they had. Mean is the time from arrival to the last
// piece. Copies is how often the seed had sent each piece when the last one had left it,
// and seed done is when that was.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
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
	scenarios, slots, pickers, chokers string
	json                               bool
	svg, profile                       string
	base                               scenario.Options
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("swarmsim", flag.ContinueOnError)
	f.StringVar(&o.scenarios, "scenario", "", "`names` of scenarios; empty means all:\n"+describe())
	f.StringVar(&o.slots, "slots", "0", "upload slots; 0 means the protocol's default, negative means no limit")
	f.StringVar(&o.pickers, "picker", scenario.Pickers()[0], strings.Join(scenario.Pickers(), ", "))
	f.StringVar(&o.chokers, "choker", scenario.Chokers()[0], strings.Join(scenario.Chokers(), ", "))
	f.Uint64Var(&o.base.Seed, "seed", 1, "seed of chance: the same one gives the same swarm")
	f.IntVar(&o.base.Peers, "peers", 0, "number of peers; 0 means the scenario's")
	f.IntVar(&o.base.Pieces, "pieces", 0, "number of pieces of 256 KiB; 0 means the scenario's")
	f.IntVar(&o.base.Connections, "connections", 0, "of one peer; 0 means 40")
	f.BoolVar(&o.json, "json", false, "print the results as JSON")
	f.StringVar(&o.svg, "svg", "", "write completion over time to a `file`")
	f.StringVar(&o.profile, "cpuprofile", "", "write a profile to a `file`")
	err = f.Parse(args)
	return o, err
}

func describe() string {
	var b strings.Builder
	for _, s := range scenario.All() {
		fmt.Fprintf(&b, "%s: %s\n", s.Name, s.Purpose)
	}
	return strings.TrimSpace(b.String())
}

// A row is one swarm that ran.
type row struct {
	Scenario, Picker, Choker string
	Slots                    int     // as in scenario.Options
	Seconds                  float64 // that the simulation took
	Result                   *swarmsim.Result
}

// slotsText returns the number of slots in words.
func (r row) slotsText() string {
	switch {
	case r.Slots == 0:
		return "default"
	case r.Slots < 0:
		return "no limit"
	}
	return strconv.Itoa(r.Slots)
}

// names returns what tells each row from the others.
func names(rows []row) []string {
	parts := make([][4]string, len(rows))
	for i, r := range rows {
		parts[i] = [4]string{r.Scenario, r.slotsText() + " slots", r.Picker, r.Choker}
	}
	all := make([]string, len(rows))
	for i, p := range parts {
		var differing []string
		for k := range p {
			if slices.ContainsFunc(parts, func(o [4]string) bool { return o[k] != p[k] }) {
				differing = append(differing, p[k])
			}
		}
		all[i] = cmp.Or(strings.Join(differing, ", "), p[0])
	}
	return all
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

// runAll runs all combinations, and prints a line for each unless JSON is wanted.
func (o options) runAll(out io.Writer) (rows []row, err error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if !o.json {
		fmt.Fprintln(table, "scenario\tslots\tpicker\tchoker\tbound\tfirst\tmedian\tlast\tlast/bound\tmean\tincomplete\twasted\tbans\tfairness\tcopies\tseed done\ttook")
	}
	scenarios := strings.Split(o.scenarios, ",")
	if o.scenarios == "" {
		scenarios = nil
		for _, s := range scenario.All() {
			scenarios = append(scenarios, s.Name)
		}
	}
	for _, name := range scenarios {
		for _, slots := range strings.Split(o.slots, ",") {
			for _, picker := range strings.Split(o.pickers, ",") {
				for _, choker := range strings.Split(o.chokers, ",") {
					r, err := o.runOne(name, slots, picker, choker)
					if err != nil {
						return nil, err
					}
					rows = append(rows, r)
					if !o.json {
						printRow(table, r)
					}
				}
			}
		}
	}
	return rows, table.Flush()
}

func (o options) runOne(name, slots, picker, choker string) (row, error) {
	s, err := scenario.Find(name)
	if err != nil {
		return row{}, err
	}
	base := o.base
	base.Picker, base.Choker = picker, choker
	if base.Slots, err = strconv.Atoi(slots); err != nil {
		return row{}, fmt.Errorf("-slots: %q is no number", slots)
	}
	sim, err := s.Sim(base)
	if err != nil {
		return row{}, err
	}
	began := time.Now()
	result, err := sim.Run()
	return row{name, picker, choker, base.Slots, time.Since(began).Seconds(), result}, err
}

func printRow(w io.Writer, r row) {
	x := r.Result
	copies, done := 0.0, "never"
	if len(x.Seeds) > 0 && x.Seeds[0].LastLeft > 0 {
		copies, done = x.Seeds[0].CopiesThen, inSeconds(x.Seeds[0].LastLeft)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%.1f MB\t%d\t%.3f\t%.2f\t%s\t%.1f s\n",
		r.Scenario, r.slotsText(), r.Picker, r.Choker, inSeconds(x.BoundAll), inSeconds(x.First), inSeconds(x.Median), inSeconds(x.Last),
		ratio(x), inSeconds(x.Mean), x.Incomplete, float64(x.Wasted)/1e6, x.Bans, x.Fairness, copies, done, r.Seconds)
}

// ratio returns how much longer the last peer took than is possible.
func ratio(r *swarmsim.Result) string {
	if r.Incomplete > 0 || r.BoundAll == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", r.Last.Seconds()/r.BoundAll.Seconds())
}

func inSeconds(d time.Duration) string {
	if d < 0 || d == math.MaxInt64 {
		return "never"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
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
