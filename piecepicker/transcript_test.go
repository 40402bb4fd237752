package piecepicker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A transcript runs a script: one call a line, with the expected answer after an equals
// sign. A comment begins with #. A peer is a capital letter, a block is PIECE.NUMBER. A
// peer joins with one digit for each piece, 1 if it has the piece. Calls are:
//
//	A joins 1101          Join
//	A has 2               Have, true
//	A lost 2              Have, false
//	A leaves              Leave
//	A asks 3 = 0.1 2.0    Pick with MaxBlocks 3. These words may follow the number:
//	                      newPieces N (else all), delay SECONDS, each SECONDS,
//	                      runLength N, exclusive, only 1,2 and first 1,2
//	A sends 0.1 = B C     Arrive; the answer is the peers at which to cancel, or
//	                      late if the block was not missing
//	A drops 0.1           Drop
//	held 2                Held
//	lose 2                Lose, all blocks
//	lose 2 0,3            Lose, blocks 0 and 3
//	priority 2 7          SetPriority
//	deadline 2 30         SetDeadline, in seconds after the start, or never
//	wait 1.5              the clock advances by so many seconds
//	interest A = true     Wants
type transcript struct {
	t   *testing.T
	g   swarm.Geometry
	p   *Picker
	now time.Time
}

var start = time.Unix(1e9, 0)

// blocks returns the geometry of a torrent of equal pieces with equal blocks.
func blocks(pieces, blocks int) swarm.Geometry {
	length := int64(blocks) * swarm.BlockLen
	return swarm.Geometry{Length: int64(pieces) * length, PieceLength: length}
}

func play(t *testing.T, g swarm.Geometry, p *Picker, script string) {
	t.Helper()
	s := &transcript{t: t, g: g, p: p, now: start}
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		call, want, answers := strings.Cut(line, "=")
		if call == "" {
			continue
		}
		got := s.line(strings.Fields(call))
		if answers || got != "" {
			require.Equal(t, strings.TrimSpace(want), got, "after %q", line)
		}
	}
}

func (s *transcript) line(w []string) string {
	switch w[0] {
	case "held":
		s.p.Held(s.number(w[1]))
	case "lose":
		var lost []int
		if len(w) > 2 {
			lost = s.numbers(w[2])
		}
		s.p.Lose(s.number(w[1]), lost)
	case "priority":
		s.p.SetPriority(s.number(w[1]), s.number(w[2]))
	case "deadline":
		var when time.Time
		if w[2] != "never" {
			when = start.Add(s.seconds(w[2]))
		}
		s.p.SetDeadline(s.number(w[1]), when)
	case "wait":
		s.now = s.now.Add(s.seconds(w[1]))
	case "interest":
		return fmt.Sprint(s.p.Wants(peerNamed(w[1])))
	default:
		return s.peer(peerNamed(w[0]), w[1], w[2:])
	}
	return ""
}

func (s *transcript) peer(p swarm.Peer, verb string, w []string) string {
	switch verb {
	case "joins":
		have := swarm.NewBitfield(s.g.Pieces())
		for i, digit := range w[0] {
			if digit == '1' {
				have.Set(i)
			}
		}
		s.p.Join(p, have)
	case "has", "lost":
		s.p.Have(p, s.number(w[0]), verb == "has")
	case "leaves":
		s.p.Leave(p)
	case "drops":
		s.p.Drop(p, s.block(w[0]))
	case "sends":
		cancel, missing := s.p.Arrive(nil, p, s.block(w[0]))
		if !missing {
			return "late"
		}
		var names []string
		for _, q := range cancel {
			names = append(names, string(rune('A'+q)))
		}
		return strings.Join(names, " ")
	case "asks":
		return s.asks(p, w)
	default:
		s.t.Fatalf("unknown verb %q: see the comment of transcript", verb)
	}
	return ""
}

func (s *transcript) asks(p swarm.Peer, w []string) string {
	a := swarm.Ask{Peer: p, MaxBlocks: s.number(w[0]), MaxNewPieces: s.g.Pieces(), Now: s.now}
	for i := 1; i < len(w); i++ {
		if w[i] == "exclusive" {
			a.Exclusive = true
			continue
		}
		word, value := w[i], w[i+1]
		i++
		switch word {
		case "newPieces":
			a.MaxNewPieces = s.number(value)
		case "delay":
			a.Delay = s.seconds(value)
		case "each":
			a.Each = s.seconds(value)
		case "runLength":
			a.RunLength = s.number(value)
		case "only":
			a.Only = s.numbers(value)
		case "first":
			a.First = s.numbers(value)
		default:
			s.t.Fatalf("unknown word %q: see the comment of transcript", word)
		}
	}
	var got []string
	for _, b := range s.p.Pick(nil, a) {
		got = append(got, fmt.Sprintf("%d.%d", b.Piece, b.Begin/swarm.BlockLen))
	}
	return strings.Join(got, " ")
}

func peerNamed(name string) swarm.Peer { return swarm.Peer(name[0] - 'A') }

func (s *transcript) number(word string) int {
	n, err := strconv.Atoi(word)
	require.NoError(s.t, err)
	return n
}

func (s *transcript) numbers(word string) (list []int) {
	for _, one := range strings.Split(word, ",") {
		list = append(list, s.number(one))
	}
	return list
}

func (s *transcript) seconds(word string) time.Duration {
	d, err := time.ParseDuration(word + "s")
	require.NoError(s.t, err)
	return d
}

func (s *transcript) block(word string) swarm.Block {
	piece, n, _ := strings.Cut(word, ".")
	return s.g.Block(s.number(piece), s.number(n))
}
