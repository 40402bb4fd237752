package choking

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs the files of testdata through chokers. A line is something that
// happens, and the indented line behind it is whom the choker chose. # begins a comment.
// With -update the files are rewritten; the difference is to be read like code.
//
//	choker round-robin slots 2 seeding   starts over with a policy; without "seeding" we download
//	peer 1 up 9 down 5 has 50 idle       peer 1 joins, or changes: what it takes while it has a
//	                                     slot and what it gives, in KB/s, and the percentage of
//	                                     pieces that it has; idle means that it requests nothing
//	peer 1 goes                          it leaves
//	+30s                                 time passes: the choker is asked each ten seconds
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			require.NoError(t, err)
			got := replay(t, string(old))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(old), got, "if the new transcript is right, write it by: go test ./protocol/choking -run TestTranscripts -update")
		})
	}
}

func replay(t *testing.T, text string) string {
	var out strings.Builder
	w := &scene{t: t}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t") {
			continue // what the choker chose last time
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) > 0 && !strings.HasPrefix(line, "#") {
			for _, l := range w.obey(words) {
				out.WriteString("\t" + l + "\n")
			}
		}
	}
	return out.String()
}

// A scene is a choker and the peers that it chooses from.
type scene struct {
	t       *testing.T
	choker  Choker
	slots   int
	seeding bool
	now     time.Time
	peers   []*taker
}

// A taker is a peer, and what it takes while it has a slot.
type taker struct {
	PeerRate
	up   float64
	idle bool
}

func (w *scene) obey(words []string) []string {
	switch words[0] {
	case "choker":
		newChoker, err := ByName(words[1])
		require.NoError(w.t, err)
		*w = scene{t: w.t, choker: newChoker(), slots: int(w.number(words[3])), seeding: len(words) > 4}
		w.now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		return nil
	case "peer":
		w.change(swarm.Peer(w.number(words[1])), words[2:])
		return nil
	}
	d, err := time.ParseDuration(strings.TrimPrefix(words[0], "+"))
	require.NoError(w.t, err)
	var lines []string
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(roundTime)
		lines = append(lines, w.round())
	}
	return lines
}

func (w *scene) number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	require.NoError(w.t, err)
	return x
}

func (w *scene) change(id swarm.Peer, words []string) {
	i := slices.IndexFunc(w.peers, func(p *taker) bool { return p.Peer == id })
	if i < 0 {
		i = len(w.peers)
		w.peers = append(w.peers, &taker{PeerRate: PeerRate{Peer: id, Joined: w.now}})
	}
	p := w.peers[i]
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "goes":
			w.peers = slices.DeleteFunc(w.peers, func(o *taker) bool { return o == p })
			return
		case "idle":
			p.idle = true
			continue
		}
		x := w.number(words[i+1])
		switch words[i] {
		case "up":
			p.up = 1000 * x
		case "down":
			p.Down = 1000 * x
		case "has":
			p.Has = x / 100
		default:
			w.t.Fatalf("unknown word %q", words[i])
		}
		i++
	}
}

// round asks the choker.
func (w *scene) round() string {
	var rates []PeerRate
	for _, p := range w.peers {
		r := p.PeerRate
		if !r.Unchoked.IsZero() && !p.idle {
			r.Up, r.SentSince = p.up, 1
		}
		rates = append(rates, r)
	}
	all := w.choker.Unchoke(nil, w.now, rates, w.slots, w.seeding)
	for _, p := range w.peers {
		switch {
		case !slices.Contains(all, p.Peer):
			p.Unchoked = time.Time{}
		case p.Unchoked.IsZero():
			p.Unchoked = w.now
		}
	}
	slices.Sort(all)
	return "unchoke " + strings.Trim(fmt.Sprint(all), "[]")
}

// TestPolicies: each policy has a name, makes a new Choker each time, and keeps to the
// number of slots.
func TestPolicies(t *testing.T) {
	require.Equal(t, "tit-for-tat", Policies()[0])
	_, err := ByName("x")
	require.ErrorContains(t, err, "choose one of tit-for-tat, by-rate")
	start := time.Unix(1e9, 0)
	var peers []PeerRate
	for i := range 30 {
		peers = append(peers, PeerRate{
			Peer:   swarm.Peer(i + 1),
			Joined: start,
			Down:   float64(i * 7 % 30),
			Has:    float64(i) / 30,
		})
	}
	for _, name := range Policies() {
		newChoker, err := ByName(name)
		require.NoError(t, err)
		require.NotSame(t, newChoker(), newChoker())
		for _, seeding := range []bool{false, true} {
			c := newChoker()
			for round := range 20 {
				for _, slots := range []int{0, 1, 5, 100, -1} {
					got := c.Unchoke(nil, start.Add(time.Duration(round)*roundTime), peers, slots, seeding)
					slices.Sort(got)
					n := len(got)
					require.Len(t, slices.Compact(got), n, "%s: no peer twice", name)
					require.True(t, slots < 0 || n <= slots, name)
					require.True(t, slots == 0 || n > 0, name)
				}
			}
		}
	}
}

// TestEverybodyGetsASlot: whatever the policy, a peer that waits gets a slot in the end.
func TestEverybodyGetsASlot(t *testing.T) {
	for _, name := range Policies() {
		for _, seeding := range []bool{false, true} {
			newChoker, err := ByName(name)
			require.NoError(t, err)
			w := &scene{t: t, choker: newChoker(), slots: 3, seeding: seeding, now: time.Unix(1e9, 0)}
			for i := range 12 {
				w.change(swarm.Peer(i), []string{"up", fmt.Sprint(i), "down", fmt.Sprint(i), "has", fmt.Sprint(8 * i)})
			}
			had := make(map[swarm.Peer]bool)
			for range 60 {
				w.round()
				for _, p := range w.peers {
					had[p.Peer] = had[p.Peer] || !p.Unchoked.IsZero()
				}
				w.now = w.now.Add(roundTime)
			}
			require.Len(t, had, 12)
			for id, ok := range had {
				require.True(t, ok, "%s, seeding %v: peer %d", name, seeding, id)
			}
		}
	}
}
