package fetch

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

const trip = 50 * time.Millisecond // one way

// 1 MiB from one peer takes at most 1.2 s from the first SYN, with a connection at 100 ms
// there and back.
func TestOnePeerIsQuick(t *testing.T) {
	info := randomInfo(1 << 20)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info})
	took := w.run(1200 * time.Millisecond)
	t.Log(took)
	require.True(t, bytes.Equal(info, w.turn.Info))
}

// Metadata of one piece is here one round trip after the handshake.
func TestOnePiece(t *testing.T) {
	info := randomInfo(5000)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info})
	require.Equal(t, 6*trip, w.run(time.Second))
	require.Equal(t, Progress{Peers: 1, Pieces: 1, Total: 1, Size: 5000}, w.s.Progress())
}

// With one slow and one lying peer among five, 1 MiB takes less than 3 s.
func TestSlowAndLyingPeers(t *testing.T) {
	info := randomInfo(1 << 20)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info, rate: 5000})
	liar := w.add(&remote{delay: trip / 2, info: spoiled(info)})
	for range 3 {
		w.add(&remote{delay: trip, info: info})
	}
	t.Log(w.run(3 * time.Second))
	require.True(t, bytes.Equal(info, w.turn.Info))
	for id := range w.closed {
		require.Equal(t, liar.id, id)
	}
}

// The liar is the quickest, and alone in sending everything, so it is banned; nobody else is.
func TestWholeOfOneLiarIsBanned(t *testing.T) {
	info := randomInfo(100_000)
	w := newWorld(t, info)
	liar := w.add(&remote{delay: trip / 10, info: spoiled(info)})
	honest := w.add(&remote{delay: trip, info: info})
	w.run(2 * time.Second)
	require.Equal(t, errWrongMetadata, w.closed[liar.id])
	require.True(t, w.banned[liar.id])
	require.False(t, honest.gone)
}

// A quick peer gets more, and what a slow one is asked for is asked elsewhere as well.
func TestQuickPeerGetsMore(t *testing.T) {
	info := randomInfo(4 << 20)
	w := newWorld(t, info)
	slow := w.add(&remote{delay: trip, info: info, rate: 20_000})
	quick := w.add(&remote{delay: trip, info: info, rate: 4 << 20})
	t.Log(w.run(4 * time.Second))
	require.Less(t, len(slow.requests()), 40)
	require.Greater(t, len(quick.requests()), 240)
}

// Liars of all kinds, more of them than honest peers, only delay the fetch.
func TestManyLiars(t *testing.T) {
	info := randomInfo(300_000)
	const most = 8 << 20
	w := configuredWorld(t, Config{HashV1: sha1.Sum(info), MaxSize: most})
	for i := range 10 {
		w.add(&remote{delay: trip / 4, info: spoiled(info)})
		w.add(&remote{delay: trip / 4, info: info, mute: true})
		w.add(&remote{delay: trip / 4, info: info, reject: true})
		w.add(&remote{delay: trip / 4, info: spoiled(info), size: most - i})
	}
	honest := w.add(&remote{delay: trip, info: info})
	t.Log(w.run(2 * time.Minute))
	require.True(t, bytes.Equal(info, w.turn.Info))
	require.False(t, honest.gone)
	require.LessOrEqual(t, w.most, 2*most+40*peerwire.MetadataPieceLen)
}

// Many peers name a size that is wrong. The honest ones are not kept waiting for long.
func TestSizesAreTriedSeparately(t *testing.T) {
	info := randomInfo(100_000)
	w := newWorld(t, info)
	for range 5 {
		w.add(&remote{delay: trip, info: info, size: 50 << 20, rate: 1 << 20})
	}
	honest := w.add(&remote{delay: trip, info: info})
	w.run(headStart + time.Second)
	require.False(t, honest.gone)
	require.Empty(t, w.banned)
}

// A size of two more groups than fit is tried in turn.
func TestGroupsTakeTurns(t *testing.T) {
	info := randomInfo(100_000)
	w := configuredWorld(t, Config{HashV1: sha1.Sum(info), MaxSize: 100_000})
	for i := range 6 { // in pairs, and so before the honest one
		w.add(&remote{delay: trip, info: info, size: 99_990 + i/2, mute: true})
	}
	w.add(&remote{delay: trip, info: info})
	took := w.run(firstSlice + 10*time.Second)
	require.Greater(t, took, firstSlice)
	require.Equal(t, time.Unix(0, 0).Add(4*firstSlice), (&attempt{startedAt: time.Unix(0, 0), tries: 2}).sliceEnd(), "the next turn is longer")
	require.LessOrEqual(t, w.most, 200_000+2*peerwire.MetadataPieceLen)
}

func TestSizesThatAreRefused(t *testing.T) {
	info := randomInfo(1000)
	twoTo31 := int64(1) << 31 // negative as an int of 32 bits
	for _, size := range []int{-1, 1<<31 - 1, int(twoTo31), 1001} {
		w := configuredWorld(t, Config{HashV1: sha1.Sum(info), MaxSize: 1000})
		r := w.add(&remote{delay: trip, info: info, size: size})
		w.runFor(time.Minute)
		require.Empty(t, r.requests())
		require.Empty(t, w.closed)
		require.Empty(t, w.s.groups)
	}
}

// The fetch fails if for minutes every size is above the limit. A peer with a size that is
// allowed prevents that.
func TestTooLarge(t *testing.T) {
	info := randomInfo(1000)
	w := configuredWorld(t, Config{HashV1: sha1.Sum(info), MaxSize: 900})
	r := w.add(&remote{delay: trip, info: info})
	w.after(time.Minute, func() { w.s.Receive(w.now, r.id, peerwire.Message{}) })
	w.after(3*time.Minute, func() { w.s.Receive(w.now, r.id, peerwire.Message{Kind: peerwire.KeepAlive}) })
	w.runFor(time.Minute)
	require.Equal(t, 1000, w.s.Progress().Refused)
	took := time.Minute + w.run(10*time.Minute)
	require.InDelta(t, oversizePatience.Seconds(), took.Seconds(), 1)
	require.Equal(t, &SizeError{1000, 900}, w.turn.Err)
	require.EqualError(t, w.turn.Err, "peers say that the metadata has 1000 bytes, and the limit is 900; raise the limit, or get the .torrent file")

	w = configuredWorld(t, Config{HashV1: sha1.Sum(info), MaxSize: 900})
	w.add(&remote{delay: trip, info: info})
	w.add(&remote{delay: trip, info: info, size: 800, reject: true})
	w.runFor(2 * time.Hour)
	require.NoError(t, w.turn.Err)
	require.Zero(t, w.s.Progress().Refused)
}

func TestHashes(t *testing.T) {
	info, other := randomInfo(1000), randomInfo(2000)
	for _, c := range []Config{
		{HashV1: sha1.Sum(info)},
		{HashV2: sha256.Sum256(info)},
		{HashV1: sha1.Sum(info), HashV2: sha256.Sum256(info)},
	} {
		w := configuredWorld(t, c)
		w.add(&remote{delay: trip, info: info})
		w.run(time.Second)
		require.Equal(t, info, w.turn.Info)
	}
	for _, c := range []Config{
		{HashV1: sha1.Sum(info), HashV2: sha256.Sum256(other)},
		{HashV1: sha1.Sum(other), HashV2: sha256.Sum256(info)},
	} {
		w := configuredWorld(t, c)
		w.add(&remote{delay: trip, info: info})
		w.run(time.Second)
		require.ErrorIs(t, w.turn.Err, ErrTwoTorrents)
		require.Empty(t, w.banned, "a peer that sent what fits a hash did nothing wrong")
	}
}

// A peer that rejects is asked again, rarely.
func TestRejectingPeer(t *testing.T) {
	info := randomInfo(1000)
	w := newWorld(t, info)
	r := w.add(&remote{delay: trip, info: info, reject: true})
	w.after(100*time.Second, func() { w.s.Receive(w.now, r.id, peerwire.Message{Kind: peerwire.KeepAlive}) })
	w.runFor(25 * time.Second)
	require.Equal(t, map[int]int{0: 1}, r.requests())
	w.runFor(35 * time.Second)
	require.Equal(t, map[int]int{0: 2}, r.requests())
	w.runFor(25 * time.Second)
	require.Equal(t, map[int]int{0: 2}, r.requests(), "after twice the time")
	r.reject = false
	w.run(2 * time.Minute)
	require.Equal(t, map[int]int{0: 3}, r.requests())
}

// A peer that never answers is left after a while, and not for a single silence.
func TestMutePeer(t *testing.T) {
	info := randomInfo(1000)
	w := newWorld(t, info)
	r := w.add(&remote{delay: trip, info: info, mute: true})
	w.runFor(85 * time.Second)
	require.Empty(t, w.closed)
	w.runFor(20 * time.Second)
	require.Equal(t, errStalled, w.closed[r.id])
	require.Equal(t, map[int]int{0: 3}, r.requests())
}

// A very slow peer is waited for if it is the only one.
func TestSlowPeerAlone(t *testing.T) {
	info := randomInfo(60_000)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info, rate: 400})
	w.run(8 * time.Minute)
	require.Empty(t, w.closed)
}

// What a peer sent stays when it leaves, and the next one is asked for the others.
func TestPeersThatLeave(t *testing.T) {
	info := randomInfo(200_000)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info, leaves: 7})
	w.runFor(time.Second)
	next := w.add(&remote{delay: trip, info: info})
	w.run(time.Second)
	require.Len(t, next.requests(), 6)

	w = newWorld(t, info)
	w.add(&remote{delay: trip, info: info, leaves: 7})
	w.runFor(emptyTime + time.Minute)
	require.Empty(t, w.s.groups, "not forever")
}

// Peers that send no metadata give up their place after a while, and one that sends does not.
func TestSpare(t *testing.T) {
	info := randomInfo(200_000)
	w := newWorld(t, info)
	w.add(&remote{delay: trip, info: info, rate: 4000})
	useless := []*remote{
		w.add(&remote{delay: trip, info: info, size: 150_000, reject: true}),
		w.add(&remote{delay: trip, info: info, size: 150_001, mute: true}),
		w.add(&remote{delay: trip, size: -1}),
	}
	w.runFor(spareAfter)
	_, ok := w.s.Spare(w.now)
	require.False(t, ok)
	w.runFor(time.Second)
	for _, r := range useless {
		c, ok := w.s.Spare(w.now)
		require.True(t, ok)
		require.Equal(t, Close{Peer: r.id, Addr: addrOf(r.id), Why: errSpare, End: report.EndReplaced}, c)
	}
	_, ok = w.s.Spare(w.now)
	require.False(t, ok)
	w.run(time.Minute)
}

// Keep-alives are sent, and a silent peer is left.
func TestSilence(t *testing.T) {
	w := newWorld(t, randomInfo(10))
	r := w.add(&remote{delay: trip, size: -1})
	w.runFor(peerTimeout - time.Second)
	require.Empty(t, w.closed)
	keepAlives := 0
	for _, m := range r.got {
		if m.Kind == peerwire.KeepAlive {
			keepAlives++
		}
		require.NotEqual(t, peerwire.Interested, m.Kind)
	}
	require.Equal(t, 2, keepAlives)
	w.runFor(2 * time.Second)
	require.Equal(t, map[swarm.Peer]error{r.id: errTimeout}, w.closed)
	require.True(t, w.s.tickAt.IsZero(), "nothing is due without peers")
}
