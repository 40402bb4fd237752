package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/shoal-bt/shoal/bench/internal/attack"
	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

const (
	attackMost = 256 << 20 // bytes of a transfer that floods run beside
	loopback   = 127       // the first byte of its addresses
	benchmark  = 198       // and of those that are kept for benchmarks (RFC 2544)
)

// attacks are attacks against the program shoal, each without and with the attackers.
func (r *runner) attacks() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "attack", Title: "Attacks against shoal",
		Note: "Each line names an attack and what an honest peer notices, measured without the attackers and with them. CPU is the program's, with attackers by without. Ended are connections of attackers that the program ended.",
	}}
	var first byte = loopback
	var alone []string // what to put before a command, to run it in a network of its own
	s.open = func(ctx context.Context) error {
		if err := attack.Missing(); err != nil {
			return fmt.Errorf("%w: %w", errLeftOut, err)
		}
		if attack.OwnNetwork(ctx) {
			first, alone = benchmark, attack.Unshare
			s.Note += " All addresses are of 198.18.0.0/15."
		} else {
			s.Note += " All addresses are of loopback, for which limits are looser."
		}
		return r.buildShoal(ctx)
	}
	for _, a := range attack.All() {
		for i, p := range r.targets() {
			name := a.Name
			if p.name != "" {
				name += "; " + p.name
			}
			s.contenders = append(s.contenders, contender{name, func(ctx context.Context) (report.Values, error) {
				return r.attack(ctx, append(alone, r.command("attack", "-first", first, "-size", min(r.size, attackMost), "-conns", r.conns,
					"-limit", 10*r.watch, fmt.Sprintf("-quick=%v", r.quick), a.Name, r.targets()[i].path, r.path("attack"))...))
			}})
		}
	}
	return s
}

// A target is a program that is attacked.
type target struct{ name, path string }

// targets returns the programs to attack: those that the user named, or one that is built.
func (r *runner) targets() []target {
	if len(r.shoal) > 0 {
		return r.shoal
	}
	return []target{{"", r.path("shoal")}}
}

// buildShoal builds the program unless the user named one. It needs to run in the
// workspace, as "go run ./bench" does.
func (r *runner) buildShoal(ctx context.Context) error {
	if len(r.shoal) > 0 {
		return nil
	}
	out, err := exec.CommandContext(ctx, "go", "build", "-o", r.path("shoal"), "github.com/shoal-bt/shoal/cmd/shoal").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building shoal: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// attack runs one attack as a child.
func (r *runner) attack(ctx context.Context, command []string) (report.Values, error) {
	// It has to end the program, so an interrupt does not kill it.
	p, err := child.Start(context.WithoutCancel(ctx), command...)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	_, text, err := p.Run(ctx)
	if err != nil {
		return nil, err
	}
	var got attack.Result
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return nil, err
	}
	v := report.Values{report.Without: got.Without, report.With: got.With, report.Ended: float64(got.Ended)}
	if got.Without > 0 {
		v[report.Share] = got.With / got.Without
	}
	if got.Load > 0 {
		v[report.Load] = got.Load
	}
	return v, nil
}

// runAttack is the part that runs one attack. It has to end the program, so an interrupt
// does not kill it; the parent hears it too.
func runAttack(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	var s attack.Setting
	first := flags.Uint("first", loopback, "first `byte` of the addresses; if it is not 127, the network is this process's own, and they are added to it")
	flags.Int64Var(&s.Size, "size", attackMost, "bytes of a transfer")
	flags.IntVar(&s.Conns, "conns", 2000, "slow handshakes")
	flags.DurationVar(&s.Limit, "limit", 0, "for anything that is waited for")
	flags.BoolVar(&s.Quick, "quick", false, "send little")
	if err := flags.Parse(args); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt)
	return with(flags.Args(), 3, func(words []string) error {
		a, err := attack.Find(words[0])
		if err != nil {
			return err
		}
		s.Shoal, s.Dir, s.First = words[1], words[2], byte(*first)
		if s.First != loopback {
			if err := s.AddAddresses(p.Context()); err != nil {
				return err
			}
		}
		if err := p.Ready(""); err != nil {
			return err
		}
		got, err := a.Measure(p.Context(), &s)
		if err != nil {
			return err
		}
		b, err := json.Marshal(got)
		return errors.Join(err, p.Done(string(b)))
	})
}

// parseTargets reads the flag -shoal: NAME=FILE, with commas between several.
func parseTargets(text string) (all []target, err error) {
	for word := range strings.SplitSeq(text, ",") {
		name, path, ok := strings.Cut(word, "=")
		if !ok {
			name, path = "", word
		}
		path, err = filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		all = append(all, target{name, path})
	}
	return all, nil
}
