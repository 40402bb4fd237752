package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are what the user chose.
type options struct {
	size     int64 // bytes of content
	rounds   int
	only     []string       // scenarios; empty for all
	of       *regexp.Regexp // contenders
	out      string         // folder for what was measured; empty for standard output alone
	tmp      string         // folder for the content; empty for the best there is
	torrents int            // of the scenario many
	conns    int            // of the scenario idle
	peers    int            // of the scenario tracker
	watch    time.Duration
	play     time.Duration // of the scenario stream
	class    string        // what the report calls the class of the processor; empty for its own name
	plot     []string      // bench.json files to draw; empty to measure
	profiles string        // folder for profiles of Shoal; empty for none
	shoal    []target      // programs of the scenarios attack and tracker; empty to build one
	quick    bool
}

// parse reads the command line. What is wrong with it, and the help, go to out.
func parse(args []string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, "Measures Shoal beside programs that do the least and beside the rivals that are installed; see the README.\n\n")
		flags.PrintDefaults()
	}
	size := flags.String("size", "2G", "`bytes` of content, a multiple of 16M")
	only := flags.String("only", "", "measure these `scenarios` alone: "+strings.Join(names, ","))
	of := flags.String("of", "", "measure these contenders alone: a regular `expression`, such as '^shoal$|8 peers'")
	flags.BoolVar(&o.quick, "quick", false, "little of everything, once: to see that it works; figures mean nothing")
	flags.IntVar(&o.rounds, "rounds", 5, "`times` that each contender is measured")
	flags.StringVar(&o.out, "out", "", "`folder` for bench.md, bench.json and bench.svg")
	flags.StringVar(&o.class, "class", "", "`text` that names the class of the processor in the report (default the instructions that programs use here; the bounds always follow these)")
	plot := flags.String("plot", "", "measure nothing: draw these `files`, each a bench.json, with commas between them, to standard output")
	flags.StringVar(&o.tmp, "tmp", "", "`folder` for the content (default /dev/shm where there is one)")
	flags.StringVar(&o.profiles, "profile", "", "`folder`, which exists, for CPU and heap profiles of Shoal's processes")
	flags.IntVar(&o.torrents, "torrents", 10000, "`number` of torrents of the scenario many")
	flags.IntVar(&o.conns, "conns", 2000, "`number` of connections of the scenario idle, and of slow handshakes of attack")
	flags.IntVar(&o.peers, "peers", 100_000, "`number` of peers of the scenario tracker, in a tenth as many swarms")
	flags.DurationVar(&o.watch, "watch", 20*time.Second, "`time` over which idle CPU is taken; attacks wait ten times as long at most")
	flags.DurationVar(&o.play, "play", 2*time.Minute, "`time` for which the scenario stream plays")
	shoal := flags.String("shoal", "", "attack and load these `programs`: FILE, or NAME=FILE with commas between several (default one that is built)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.quick {
		o.setQuick(flags, size)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("what is %q? See -help", flags.Arg(0))
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if *plot != "" {
		o.plot = strings.Split(*plot, ",")
	}
	if o.of, err = regexp.Compile(*of); err != nil {
		return o, fmt.Errorf("-of: %w", err)
	}
	if *shoal != "" {
		if o.shoal, err = parseTargets(*shoal); err != nil {
			return o, fmt.Errorf("-shoal: %w", err)
		}
	}
	for _, s := range o.only {
		if !slices.Contains(names, s) {
			return o, fmt.Errorf("there is no scenario %q: they are %s", s, strings.Join(names, ", "))
		}
	}
	if o.rounds < 1 || o.torrents < 1 || o.conns < 1 || o.peers < 1 || o.watch <= 0 || o.play <= 0 {
		return o, errors.New("rounds, torrents, peers, connections and times are 1 or more")
	}
	o.size, err = parseSize(*size)
	return o, err
}

// setQuick makes everything small that the user did not set.
func (o *options) setQuick(flags *flag.FlagSet, size *string) {
	set := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	defaults := map[string]func(){
		"size": func() { *size = "32M" }, "rounds": func() { o.rounds = 1 }, "torrents": func() { o.torrents = 100 },
		"conns": func() { o.conns = 100 }, "peers": func() { o.peers = 1000 }, "watch": func() { o.watch = time.Second },
		"play": func() { o.play = time.Second },
	}
	for name, f := range defaults {
		if !set[name] {
			f()
		}
	}
}

// parseSize reads a number of bytes with a unit.
func parseSize(s string) (int64, error) {
	number, shift := s, 0
	if i := strings.IndexAny(s, "KMGkmg"); i >= 0 && i == len(s)-1 {
		number, shift = s[:i], 10*(1+strings.IndexByte("KMG", strings.ToUpper(s)[i]))
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > 1<<40>>shift || n<<shift%unit != 0 {
		return 0, fmt.Errorf("-size %s: want a multiple of 16M, such as 2G", s)
	}
	return n << shift, nil
}
