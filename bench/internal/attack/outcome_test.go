package attack

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// seeding starts shoal seed on n torrents of 16 MiB.
func seeding(t *testing.T, n int) (context.Context, *Setting, netip.AddrPort, []torrent) {
	t.Helper()
	ctx, s := setting(t)
	all, err := s.torrents(ctx, 16<<20, n)
	require.NoError(t, err)
	p, addr, err := s.seed(ctx, all)
	require.NoError(t, err)
	t.Cleanup(p.kill)
	return ctx, s, addr, all
}

// TestSilentPeersDoNotKeepOthersOut has a newcomer try until it is not refused.
func TestSilentPeersDoNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	ctx, s, addr, all := seeding(t, 1)
	defer silent{spread: true}.start(ctx, s, addr, all[0]).stop()
	require.NoError(t, s.awaitSeed(ctx, addr, all[0]))
}

func TestStoppedReadersDoNotHoldUpAnotherTorrent(t *testing.T) {
	t.Parallel()
	ctx, s, addr, all := seeding(t, 1+stoppedTorrents)
	ctx, stop := context.WithCancel(ctx)
	w := s.stopReaders(ctx, addr, all[1:])
	require.EqualValues(t, 4*stoppedSize, takeFrom(ctx, s.honest(0), addr, all[0], 4*stoppedSize))
	stop()
	w.all.Wait()
}

func TestSpoofedIDDoesNotReplaceItsOwner(t *testing.T) {
	t.Parallel()
	ctx, s := setting(t)
	tor, err := s.torrent(ctx, 16<<20)
	require.NoError(t, err)
	for _, a := range []spoofedIDs{{}, {first: true}} {
		survived, err := a.once(ctx, s, tor, true)
		require.NoError(t, err)
		require.True(t, survived, "%+v", a)
	}
}

func TestSilentPeersGiveMemoryBack(t *testing.T) {
	t.Parallel()
	ctx, s := setting(t)
	s.Quick = true
	got, err := keptMemory(ctx, s, true)
	require.NoError(t, err)
	require.Zero(t, got.ended)
	require.Less(t, got.figure, 200.0, "KiB each")
}

// TestSlowHandshakesDoNotKeepOthersOut has most of the open files that a process may
// have, so no other test runs at the same time.
func TestSlowHandshakesDoNotKeepOthersOut(t *testing.T) {
	ctx, s, addr, all := seeding(t, 1)
	ctx, stop := context.WithCancel(ctx)
	w := s.beginHandshakes(ctx, addr)
	for i := range 3 {
		p, err := connect(ctx, s.honest(i), addr, all[0], newID("-qB4620-"))
		require.NoError(t, err)
		require.NoError(t, p.Close())
	}
	stop()
	w.all.Wait()
}

// TestFreshAddressesComeFirst counts how often dead addresses are tried before a seed
// that is named after them.
func TestFreshAddressesComeFirst(t *testing.T) {
	t.Parallel()
	ctx, s := setting(t)
	tor, err := s.torrent(ctx, 16<<20)
	require.NoError(t, err)
	l, err := listen(s.honest(0))
	require.NoError(t, err)
	defer l.Close()
	x, err := listenAsDead()
	require.NoError(t, err)
	defer x.Close()
	// One more than the program has chosen when the first are due again: those that it
	// dials 50 at a time, and for 10 s each, and 80 that are chosen by then.
	const dead = 131
	p, _, err := s.get(ctx, tor, t.TempDir(), "--peer", s.deadList(x, dead), "--peer", l.Addr().String())
	require.NoError(t, err)
	defer p.kill()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	c, err := l.Accept()
	require.NoError(t, err)
	defer c.Close()
	require.Less(t, x.again(), dead/2, "addresses that were tried again before the seed")
}

func TestOneAddressDoesNotFillATracker(t *testing.T) {
	t.Parallel()
	ctx, s := setting(t)
	p, to, err := s.tracker(ctx)
	require.NoError(t, err)
	defer p.kill()
	require.NoError(t, filledTracker{ports: true}.fill(ctx, s, to))
	for i := range honestPeers {
		_, err := announce(ctx, clientAt(s.honest(i)), to, honestHash(), honestPort, 0)
		require.NoError(t, err)
	}
	answer, err := announce(ctx, clientAt(s.honest(0)), to, honestHash(), honestPort, 0)
	require.NoError(t, err)
	require.Contains(t, string(answer), fmt.Sprintf("8:completei%de", honestPeers))
}

func TestUnaskedBlocksAreNoDownload(t *testing.T) {
	t.Parallel()
	ctx, s := setting(t)
	got, err := unaskedBlocks{}.run(ctx, s, true)
	require.NoError(t, err)
	require.EqualValues(t, unaskedSize>>20, got.figure)
	require.Equal(t, 1, got.ended, "connections that could send unasked blocks")
}

// TestFloodsEndTheirConnection sends each kind of message over and over.
func TestFloodsEndTheirConnection(t *testing.T) {
	t.Parallel()
	ctx, s, seed, all := seeding(t, 1)
	p, get, err := s.get(ctx, all[0], t.TempDir())
	require.NoError(t, err)
	t.Cleanup(p.kill)
	for name, addr := range map[string]netip.AddrPort{"seed": seed, "get": get} {
		for i, k := range kinds {
			t.Run(name+" "+k.name, func(t *testing.T) {
				t.Parallel()
				p, err := connect(ctx, s.network(i), addr, all[0], newID("-XX0001-"))
				require.NoError(t, err)
				defer p.Close()
				require.True(t, k.ends(p), "%d MiB were taken", floodMost>>20)
			})
		}
	}
}

// floodMost is the number of bytes after which a flood should have ended.
const floodMost = 16 << 20

// ends reports whether the program ends the connection during the flood.
func (f flood) ends(p *peer) bool {
	go p.drain()
	if f.begin != nil {
		p.Conn.Write(encoded(f.begin(p.geometry)))
	}
	cycle := encoded(f.cycle(p.geometry))
	cycle = bytes.Repeat(cycle, 1+(64<<10)/len(cycle))
	for sent := 0; sent < floodMost; sent += len(cycle) {
		if _, err := p.Conn.Write(cycle); err != nil {
			return true
		}
	}
	return false
}
