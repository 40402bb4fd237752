package pex

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// FuzzSession feeds a session with messages and times, while peers come and go. The
// messages that it sends must fit together.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 1, 9, 2, 70, 0, 1, 2, 70, 3, 4}, []byte("d5:added6:\x14\x00\x00\x01\x00\x01e"))
	f.Add([]byte{3, 0, 3, 0, 3, 0, 0, 255, 2, 10, 4, 0, 2, 70, 4, 0, 2, 70}, []byte("de"))
	f.Fuzz(func(t *testing.T, steps, message []byte) {
		steps = steps[:min(len(steps), 3000)] // a run of ten seconds counts as one that hangs
		l, s := open()
		now := start
		r := receiver{known: make(map[netip.Addr]uint16)}
		var ports [128]uint16 // of the peers that are connected; 0 for none
		for ; len(steps) >= 2; steps = steps[2:] {
			switch op, arg := steps[0]%5, steps[1]; op {
			case 0:
				ports[arg>>1] = 1 + uint16(arg&1)
			case 1:
				ports[arg>>1] = 0
			case 2:
				now = now.Add(time.Duration(arg) * time.Second)
			case 3:
				before := len(l.found)
				err := s.Message(now, message)
				require.LessOrEqual(t, len(l.found)-before, 200)
				if err != nil {
					return
				}
			case 4:
				l.off = arg&1 != 0
			}
			l.peers = l.peers[:0]
			for i, port := range ports {
				if port != 0 {
					l.peers = append(l.peers, swarm.Address{AddrPort: netip.AddrPortFrom(numbered(i).Addr(), port)})
				}
			}
			l.sent = nil
			s.Tick(now)
			for _, m := range l.sent {
				r.take(t, now, m)
			}
			require.Len(t, s.(*session).named, len(r.known))
		}
	})
}

// A receiver is what the other side knows from the messages that it gets.
type receiver struct {
	known  map[netip.Addr]uint16 // the port of each address
	lastAt time.Time             // the last message
}

// take checks a message: it comes a minute after the one before, has no more than it may,
// drops what was added before, and adds nothing that is known.
func (r *receiver) take(t *testing.T, now time.Time, m peerwire.PEX) {
	isFirst := r.lastAt.IsZero()
	require.True(t, isFirst || now.Sub(r.lastAt) >= time.Minute)
	require.True(t, isFirst || len(m.Added) <= 50)
	require.LessOrEqual(t, len(m.Dropped), 50)
	require.NotZero(t, len(m.Added)+len(m.Dropped))
	r.lastAt = now
	for _, a := range m.Dropped {
		require.Equal(t, a.Port(), r.known[a.Addr()])
	}
	for _, a := range m.Added {
		require.NotContains(t, r.known, a.Addr())
		r.known[a.Addr()] = a.Port()
	}
	for _, a := range m.Dropped {
		delete(r.known, a.Addr())
	}
}
