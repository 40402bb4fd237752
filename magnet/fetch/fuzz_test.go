package fetch

import (
	"bytes"
	"crypto/sha1"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	honestPeer  = swarm.Peer(1000)
	fuzzMaxSize = 100_000
)

// A fuzzed runs a State with one honest peer and others that do anything.
type fuzzed struct {
	t     *testing.T
	now   time.Time
	s     *State
	info  []byte
	wrong []byte
	asked []int // pieces that the honest peer was asked for
	over  bool

	answeredAt time.Time // when the honest peer last answered what it was asked for
}

func newFuzzed(t *testing.T) *fuzzed {
	f := &fuzzed{t: t, now: time.Unix(1e9, 0), info: randomInfo(70_000)}
	f.answeredAt = f.now
	f.wrong = spoiled(f.info)
	f.s = New(Config{HashV1: sha1.Sum(f.info), MaxSize: fuzzMaxSize, Interested: true})
	f.s.Join(f.now, Joined{Peer: honestPeer, Addr: addrOf(honestPeer), Fast: true, Extended: true})
	f.s.Receive(f.now, honestPeer, hello(7, len(f.info)))
	f.settle()
	return f
}

// settle ends a turn and checks what must always hold.
func (f *fuzzed) settle() {
	turn := f.s.Settle(f.now)
	for _, c := range turn.Close {
		if c.Peer == honestPeer {
			f.t.Fatalf("the honest peer was closed: %v", c.Why)
		}
	}
	for _, m := range sent(f.t, turn) {
		body, err := peerwire.ParseMetadata(m.Data)
		isRequest := m.Kind == peerwire.Extended && m.ExtID == 7 && err == nil && body.Type == peerwire.MetadataRequest
		if isRequest {
			f.asked = append(f.asked, body.Piece)
		}
	}
	if turn.Info != nil && !bytes.Equal(turn.Info, f.info) {
		f.t.Fatal("the metadata does not fit the hash")
	}
	if turn.Err != nil {
		f.t.Fatalf("the fetch failed: %v", turn.Err)
	}
	if !turn.Next.IsZero() && !turn.Next.After(f.now) {
		f.t.Fatalf("the next turn is at %v, and it is %v", turn.Next, f.now)
	}
	f.over = turn.Info != nil
	held := 0
	for _, a := range f.s.active() {
		held += a.got * peerwire.MetadataPieceLen
	}
	if held > 2*fuzzMaxSize+10*peerwire.MetadataPieceLen {
		f.t.Fatalf("%d bytes are held", held)
	}
	for _, p := range f.s.order {
		if len(p.replay.log) > maxReplay || len(p.open) > 4*maxWindow {
			f.t.Fatalf("peer %d: %d bytes of replay, %d requests", p.Peer, len(p.replay.log), len(p.open))
		}
	}
}

// wait lets time pass, in which the honest peer is not silent. It answers at the latest
// before its requests would count as forgotten.
func (f *fuzzed) wait(d time.Duration) {
	f.now = f.now.Add(d)
	f.s.Receive(f.now, honestPeer, peerwire.Message{Kind: peerwire.KeepAlive})
	f.settle()
	if f.now.Sub(f.answeredAt) >= giveUpAfter/2 {
		f.answer()
	}
}

// answer has the honest peer answer all that it was asked for. Duplicate names of peers in
// the messages cannot happen, because it has its own number.
func (f *fuzzed) answer() {
	asked := f.asked
	f.asked, f.answeredAt = nil, f.now
	for _, piece := range asked {
		f.s.Receive(f.now, honestPeer, data(f.info, piece))
	}
	f.settle()
}

// act does what the first bytes of b say and returns how many these are.
func (f *fuzzed) act(b []byte) int {
	id, arg := swarm.Peer(b[1]%6), int(b[2])
	switch b[0] % 12 {
	case 0:
		f.s.Join(f.now, Joined{Peer: id, Addr: addrOf(id), Fast: arg&1 != 0, Extended: arg&2 != 0, DHT: arg&4 != 0})
	case 1:
		f.s.SetDHTPort(f.now, uint16(arg))
		f.s.Leave(f.now, id)
	case 2:
		f.s.Receive(f.now, id, hello(uint8(arg%4), len(f.info)))
	case 3:
		f.s.Receive(f.now, id, hello(1, arg*500))
	case 4:
		f.s.Receive(f.now, id, data(f.info, arg%5))
	case 5:
		f.s.Receive(f.now, id, data(f.wrong, arg%5))
	case 6:
		m := peerwire.MetadataMessage{Type: peerwire.MetadataType(arg % 4), Piece: arg / 4, Data: f.wrong[:min(arg*100+1, peerwire.MetadataPieceLen)]}
		f.s.Receive(f.now, id, metadata(m))
	case 7:
		f.wait(time.Duration(arg) * 10 * time.Millisecond)
	case 8:
		f.wait(time.Duration(min(arg, 100)) * time.Second)
		f.answer() // so that it does not stall
	case 9:
		f.answer()
		f.s.Spare(f.now)
		if f.s.peers[honestPeer] == nil {
			f.t.Fatal("the honest peer gave up its place")
		}
	case 10:
		n := min(arg, len(b)-3)
		m, _, _, err := peerwire.NewDecoder(peerwire.Limits{Fast: true}).Decode(b[3 : 3+n])
		if err == nil && m.Kind != 0 {
			f.s.Receive(f.now, id, m)
		}
		return 3 + n
	case 11: // answers to whatever was asked
		p := f.s.peers[id]
		if p == nil || len(p.open) == 0 {
			break
		}
		piece := p.open[arg%len(p.open)].piece
		m := peerwire.MetadataMessage{Type: peerwire.MetadataData, Piece: piece, Data: make([]byte, pieceLen(p.size, piece))}
		copy(m.Data, f.wrong)
		f.s.Receive(f.now, id, metadata(m))
	}
	return 3
}

// FuzzState has several peers send arbitrary messages beside an honest one. That one is
// never closed, memory is bounded, and in the end the metadata is there.
func FuzzState(f *testing.F) {
	f.Add([]byte{0, 1, 3, 2, 1, 1, 11, 1, 0, 5, 1, 1, 7, 0, 9})
	f.Add([]byte{0, 1, 3, 3, 1, 180, 0, 2, 3, 3, 2, 190, 0, 3, 3, 3, 3, 200, 8, 0, 90})
	f.Add([]byte("\x00\x01\x03\x0a\x01\x05\x00\x00\x00\x01\x01\x07\x01\x99\x01\x02\x00"))
	f.Add([]byte{0, 1, 3, 2, 1, 1, 7, 0, 1, 11, 1, 0, 11, 1, 0, 11, 1, 0, 11, 1, 0, 11, 1, 0, 1, 1, 0, 0, 1, 3, 2, 1, 2})
	f.Add(bytes.Repeat([]byte{7, 0, 103}, 200)) // time passes, and nobody else is there
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 3000)] // a run of ten seconds counts as one that hangs
		w := newFuzzed(t)
		for len(b) >= 3 && !w.over {
			b = b[min(w.act(b), len(b)):]
			w.settle()
		}
		end := w.now.Add(2 * time.Hour)
		for !w.over {
			w.answer()
			if w.over {
				break
			}
			if w.now.After(end) {
				t.Fatalf("the honest peer alone does not bring the metadata: %+v", w.s.Progress())
			}
			w.wait(5 * time.Second)
		}
	})
}
