package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// TestRestlessSwarms has small swarms of all shapes whose users pause, resume,
// recheck and restart at random. Whatever they do, all are complete in the end.
func TestRestlessSwarms(t *testing.T) {
	for n := range 5 {
		t.Run(fmt.Sprint(n), func(t *testing.T) { inBubble(t, func(t *testing.T, r *rig) { restless(t, r, uint64(n)) }) })
	}
}

func restless(t *testing.T, r *rig, n uint64) {
	dice := rand.New(rand.NewPCG(n, 1))
	pieceLength := int64(1) << (14 + dice.IntN(6))
	s := newSample(byte(n+1), 300_000+dice.Int64N(1<<20), pieceLength)
	if dice.IntN(2) == 0 {
		s.pad(dice)
	}
	hosts := &tracker{hosts: make(map[swarm.PeerID]netip.Addr)}
	host := func(i int) *Engine {
		addr := fmt.Sprintf("10.0.1.%d", i)
		l := simnet.Link{Delay: time.Duration(dice.IntN(100)) * time.Millisecond, Up: 50_000 << dice.IntN(6)}
		e := r.engine(addr, l, Config{Memory: 1 << 20, Torrent: TorrentConfig{UploadSlots: 1 + dice.IntN(8)}})
		hosts.meet(e, addr)
		return e
	}
	r.seed(host(0), s, hosts)
	lies := dice.IntN(2)
	if lies > 0 { // now and then
		liar, stop := r.lurk("10.1.0.1", s, func(b swarm.Block) ([]byte, bool) {
			off := s.geometry.Offset(b)
			data := bytes.Clone(s.content[off : off+int64(b.Length)])
			if b.Begin/swarm.BlockLen%3 == 1 || pieceLength < 3*swarm.BlockLen {
				data[0] ^= 1
			}
			return data, true
		})
		defer stop()
		hosts.mu.Lock()
		hosts.known = append(hosts.known, liar)
		hosts.mu.Unlock()
	}
	engines, torrents, disks, bans := make([]*Engine, 5), make([]*Torrent, 5), make([]*storagetest.Faulty, 5), make([]*Stream, 5)
	for i := range engines {
		engines[i] = host(i + 1)
		bans[i] = engines[i].SubscribeTo(0, func(e Event) bool { return e.Kind() == OnPeerBanned })
		disks[i] = storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length, s.geometry.Pads...))
		disks[i].Delay(time.Duration(dice.IntN(300)) * time.Millisecond)
		torrents[i] = r.add(engines[i], s.spec(disks[i], hosts))
	}
	for range 30 {
		time.Sleep(time.Duration(dice.IntN(1500)) * time.Millisecond)
		i := dice.IntN(len(torrents))
		x := torrents[i]
		switch dice.IntN(6) {
		case 0:
			x.Pause()
		case 1, 2:
			x.Resume()
		case 3:
			x.Recheck(t.Context())
		case 4: // stop, and go on from what is said to be there
			require.NoError(t, x.Close())
			spec := s.spec(disks[i], hosts)
			spec.Have, spec.Spilled = x.Pieces(), x.Spilled()
			torrents[i] = r.add(engines[i], spec)
		case 5:
			x.AddPeers(at(engines[dice.IntN(5)]), at(r.engines[0]))
		}
	}
	for i, x := range torrents {
		x.Resume()
		r.wait(x, 30*time.Minute)
		s.has(t, disks[i])
		require.LessOrEqual(t, x.Stats().Wrong, 64*lies)
		bans[i].Close()
		for ev := range bans[i].All(t.Context()) {
			require.Equal(t, netip.MustParseAddr("10.1.0.1"), ev.(PeerBanned).Addr, "the others are honest")
		}
	}
}

// pad makes runs of the sample pad: zeros that nobody sends.
func (s *sample) pad(dice *rand.Rand) {
	for off := int64(0); off < s.geometry.Length; off += 1 + dice.Int64N(s.geometry.Length/2) {
		span := swarm.Span{Offset: off, Length: min(1+dice.Int64N(100_000), s.geometry.Length-off)}
		if n := len(s.geometry.Pads); n > 0 && s.geometry.Pads[n-1].End() >= off {
			continue
		}
		s.geometry.Pads = append(s.geometry.Pads, span)
		clear(s.content[span.Offset:span.End()])
	}
}
