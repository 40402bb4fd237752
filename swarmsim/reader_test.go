package swarmsim

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

const linkRate = 12_500_000 // bytes per second: 100 Mbit/s

// readerSim is a Reader behind a link of 100 Mbit/s that is 50 ms long, and seeds with the same
// link. With five seeds, one of them sends 200 KiB a second.
func readerSim(seed uint64, seeds int, pieceLength int64, r *Reader) Sim {
	link := Link{Up: linkRate, Down: linkRate, Delay: 50 * time.Millisecond, SlowStart: true}
	s := Sim{
		Seed:     seed,
		Geometry: swarm.Geometry{Length: 4 << 30, PieceLength: pieceLength},
		Limit:    10 * time.Minute,
		MaxFound: -1,
	}
	s.Peers = []Peer{{Link: link, Reader: r}}
	for i := range seeds {
		p := Peer{Seed: true, Link: link}
		if i == 2 {
			p.Link.Up = 200 << 10
		}
		s.Peers[0].Knows = append(s.Peers[0].Knows, i+1)
		s.Peers = append(s.Peers, p)
	}
	return s
}

// Over a link the first MiB is there soon, and so is the first one after a seek. Playing at 80 % of
// the link's rate for two minutes never stalls, once eight tenths of a second are there.
func TestReading(t *testing.T) {
	for _, seeds := range []int{1, 5} {
		for _, pieceLength := range []int64{1 << 20, 4 << 20} {
			t.Run(fmt.Sprintf("%d seeds, %d MiB pieces", seeds, pieceLength>>20), func(t *testing.T) {
				first, seek := 1200*time.Millisecond, 800*time.Millisecond
				if pieceLength > 1<<20 {
					first, seek = 2*time.Second, 1200*time.Millisecond
				}
				for chance := range uint64(3) {
					r := run(t, readerSim(chance+1, seeds, pieceLength, &Reader{
						Rate:   linkRate * 8 / 10,
						Buffer: 8 << 20,
						Seeks:  []Seek{{10 * time.Second, 2 << 30}},
						Stop:   130 * time.Second,
					}))
					p, start, after := r.Peers[0], r.Peers[0].Reads[0], r.Peers[0].Reads[1]
					t.Logf("first MiB %v, after the seek %v, %v stalled, wasted %d of %d bytes", start.First, after.First, start.Stalled+after.Stalled, p.Wasted, p.Down)
					require.Len(t, p.Reads, 2)
					require.Less(t, start.First, first)
					require.Less(t, after.First, seek)
					require.Zero(t, start.Stalls+after.Stalls)
					require.InEpsilon(t, linkRate*8/10*120, after.Read, 0.02)
					require.Less(t, p.Wasted, p.Down/200)
				}
			})
		}
	}
}

// Who seeks while the rest comes at full speed need not wait for what many peers together were asked for.
func TestSeekWhileTheRestComes(t *testing.T) {
	for _, seeds := range []int{1, 5, 20} {
		for chance := range uint64(3) {
			p := run(t, readerSim(chance+1, seeds, 1<<20, &Reader{
				Rate:  linkRate / 12,
				Seeks: []Seek{{20 * time.Second, 1 << 30}, {30 * time.Second, 2 << 30}, {40 * time.Second, 3 << 30}},
				Stop:  50 * time.Second,
			})).Peers[0]
			require.Len(t, p.Reads, 4)
			t.Logf("%d seeds: wasted %d of %d bytes", seeds, p.Wasted, p.Down)
			for _, x := range p.Reads[1:] {
				require.True(t, x.First >= 0 && x.First < 800*time.Millisecond, "%d seeds: %+v", seeds, x)
				require.Zero(t, x.Stalls)
			}
			require.Greater(t, p.Down, int64(linkRate)*48, "the link was used")
			require.Less(t, p.Wasted, p.Down/100)
		}
	}
}

// A reader takes all that a slow seed gives, and does not make it less.
func TestReaderOfSlowSeed(t *testing.T) {
	s := readerSim(1, 1, 1<<20, &Reader{Rate: linkRate / 12, Stop: 5 * time.Minute})
	s.Peers[1].Link.Up = 20 << 10
	s.Limit = 5 * time.Minute
	p := run(t, s).Peers[0]
	require.InEpsilon(t, 20<<10*5*60, p.Down, 0.02)
	require.Zero(t, p.Wasted)
	require.InEpsilon(t, p.Down, p.Reads[0].Read, 0.2, "it came in order")
}

// Peers that say they have everything do not keep a reader from the ones that do, whether they send
// nothing or wrong bytes.
func TestReaderAmongBadPeers(t *testing.T) {
	for _, kind := range []Kind{FreeRider, Staller, Quitter, UnaskedBlocks, WrongBytes} {
		s := readerSim(1, 2, 1<<20, &Reader{Rate: linkRate / 12, Seeks: []Seek{{20 * time.Second, 1 << 30}}, Stop: 40 * time.Second})
		for range 4 {
			s.Peers[0].Knows = append(s.Peers[0].Knows, len(s.Peers))
			s.Peers = append(s.Peers, Peer{Kind: kind, Link: s.Peers[0].Link})
		}
		for _, x := range run(t, s).Peers[0].Reads {
			require.True(t, x.First >= 0 && x.First < 2500*time.Millisecond, "%v: %+v", kind, x)
			require.Zero(t, x.Stalls, kind)
		}
	}
}

// Who seeks all the time gets something to see all the time, and wastes little by it.
func TestSeeking(t *testing.T) {
	for _, seeds := range []int{1, 5} {
		r := &Reader{Rate: linkRate / 10, Stop: 25 * time.Second}
		for i := range 20 {
			r.Seeks = append(r.Seeks, Seek{time.Duration(i+1) * time.Second, int64(i*7%20) * 200 << 20})
		}
		p := run(t, readerSim(1, seeds, 1<<20, r)).Peers[0]
		t.Logf("%d seeds: wasted %d of %d bytes", seeds, p.Wasted, p.Down)
		require.Len(t, p.Reads, 21)
		for _, x := range p.Reads[3:] {
			require.True(t, x.First >= 0 && x.First < 800*time.Millisecond, "%+v", x)
		}
		require.Less(t, p.Wasted, p.Down/50)
	}
}

// A thousand seeks a second, back and forth, end well: the seeds stay, and what is read last comes.
func TestSeekingLikeMad(t *testing.T) {
	r := &Reader{Rate: linkRate / 10, Stop: 15 * time.Second}
	for i := range 2000 {
		r.Seeks = append(r.Seeks, Seek{3*time.Second + time.Duration(i)*5*time.Millisecond, int64(i%2) << 31})
	}
	result := run(t, readerSim(1, 5, 1<<20, r))
	reads := result.Peers[0].Reads
	last := reads[len(reads)-1]
	require.True(t, last.First >= 0 && last.First < 800*time.Millisecond, "%+v", last)
	require.Zero(t, result.Bans)
	require.Greater(t, result.Peers[0].Down, int64(linkRate)*10, "the link was used")
}

// A reader on a torrent that downloads at full speed costs it at most a tenth of its rate.
func TestReaderCostsLittle(t *testing.T) {
	for _, seeds := range []int{1, 5} {
		for _, rate := range []int64{500_000, linkRate / 2} {
			s := readerSim(1, seeds, 1<<20, nil)
			s.Geometry.Length = 256 << 20
			without := run(t, s).Last
			s.Peers[0].Reader = &Reader{Rate: rate}
			with := run(t, s).Last
			t.Logf("%d seeds, %d bytes a second: %v, without a reader %v", seeds, rate, with, without)
			require.Less(t, with, without*11/10)
		}
	}
}

// A Reader must fit the torrent.
func TestReadersThatDoNotFit(t *testing.T) {
	for _, r := range []Reader{{Rate: -1}, {Buffer: -1}, {Ahead: -1}, {At: -1}, {Stop: -1}, {From: 4 << 30}, {Seeks: []Seek{{time.Second, -1}}}} {
		_, err := readerSim(1, 1, 1<<20, &r).Run()
		require.EqualError(t, err, "swarmsim: peer 0: a number of its Reader is negative, or behind the torrent's end")
	}
	s := readerSim(1, 1, 1<<20, nil)
	s.Peers[1].Reader = new(Reader)
	_, err := s.Run()
	require.EqualError(t, err, "swarmsim: peer 1 has a Reader and must be an honest peer that downloads")
}
