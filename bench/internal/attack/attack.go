package attack

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A Result is what one attack did.
type Result struct {
	Without float64 `json:"without"` // the figure without the attackers
	With    float64 `json:"with"`    // and with them, both in the unit that the attack's name has
	Load    float64 `json:"load"`    // CPU time of the program with them, divided by that without; 0 if not known
	Ended   int     `json:"ended"`   // connections of attackers that the program ended
}

// An Attack is one way to harm the program.
type Attack struct {
	Name string // with the unit of the figure behind a comma
	Goal Goal
	run  func(ctx context.Context, s *Setting, attackers bool) (outcome, error)
}

// A Goal is what the figure with attackers should be.
type Goal struct {
	Share   bool // what is bounded is the figure with attackers divided by that without; else it is the figure
	AtLeast bool // else at most
	Limit   float64
}

// keepsRate is the goal of a transfer beside attackers.
var keepsRate = Goal{Share: true, AtLeast: true, Limit: 0.7}

// everybody is the goal of a share of honest peers, in percent.
var everybody = Goal{AtLeast: true, Limit: 100}

// atMost is the goal of a figure that should be small.
func atMost(limit float64) Goal { return Goal{Limit: limit} }

// An outcome is what one run of the program came to.
type outcome struct {
	figure float64
	cpu    time.Duration // of the program; 0 if not known
	ended  int
}

// All returns the attacks, in the order of the report.
func All() []Attack {
	all := floods()
	all = append(all,
		Attack{"80 silent peers of one address: seed serves a newcomer, s", atMost(30), silent{seed: true}.run},
		Attack{"80 silent peers of 80 networks: seed serves a newcomer, s", atMost(60), silent{seed: true, spread: true}.run},
		Attack{"80 silent peers of one address: get reaches a seed, s", atMost(30), silent{}.run},
		Attack{"80 silent peers of 80 networks: get reaches a seed, s", atMost(30), silent{spread: true}.run},
		Attack{"128 readers that stop on 16 torrents: seed of another, MiB/s", keepsRate, stoppedReaders},
		Attack{"second connections with a seed's id: seeds that stay, %", everybody, spoofedIDs{}.run},
		Attack{"first connections with a seed's id: seeds that get reaches, %", everybody, spoofedIDs{first: true}.run},
		Attack{"slow handshakes of one address: an honest handshake, s", atMost(1), slowHandshakes},
		Attack{"200 dead addresses before a seed: get reaches it, s", atMost(60), deadAddresses},
		Attack{"10000 ports of one address: honest peers the tracker names, %", everybody, filledTracker{ports: true}.run},
		Attack{"100000 hashes of one address: honest peers the tracker names, %", everybody, filledTracker{}.run},
		Attack{"peers that fell silent after 8000 messages: memory, KiB each", atMost(30), keptMemory},
		Attack{"unasked blocks: download that the tracker hears of, MiB", atMost(unaskedSize >> 20), unaskedBlocks{}.run},
		Attack{"after unasked blocks: new connections of the sender, number", atMost(0.5), unaskedBlocks{returns: true}.run},
	)
	return all
}

// Find returns the attack with the given name.
func Find(name string) (Attack, error) {
	all := All()
	i := slices.IndexFunc(all, func(a Attack) bool { return a.Name == name })
	if i < 0 {
		return Attack{}, fmt.Errorf("there is no attack %q", name)
	}
	return all[i], nil
}

// Measure runs the program without the attackers and then with them.
func (a Attack) Measure(ctx context.Context, s *Setting) (Result, error) {
	without, err := a.run(ctx, s, false)
	if err != nil {
		return Result{}, fmt.Errorf("without attackers: %w", err)
	}
	with, err := a.run(ctx, s, true)
	if err != nil {
		return Result{}, fmt.Errorf("with attackers: %w", err)
	}
	r := Result{Without: without.figure, With: with.figure, Ended: with.ended}
	if without.cpu > 0 {
		r.Load = with.cpu.Seconds() / without.cpu.Seconds()
	}
	return r, nil
}
