package udptracker

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		trackers := NewTrackers(n.config())
		tracker, err := trackers.New(url4)
		require.NoError(t, err)
		result := make(chan error)
		go func() {
			_, err := tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
			result <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, n.openSockets())
		trackers.Close()
		require.ErrorIs(t, <-result, ErrClosed)
		require.Zero(t, n.openSockets())
		_, err = tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.ErrorIs(t, err, ErrClosed)
		trackers.Close()
	})
}

// A socket of ours is closed a minute after the last call, one of the caller's never.
func TestSocketsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		tracker := newTracker(t, url4, n.config())
		for range 3 {
			announceOK(t, tracker, announcement(swarm.None))
			time.Sleep(59 * time.Second)
			require.Equal(t, 1, n.openSockets())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, n.openSockets())
		announceOK(t, tracker, announcement(swarm.None))
		require.Equal(t, []string{"connect", "announce started", "announce", "connect", "announce", "connect", "announce"}, s.take())

		c := n.config()
		mine := n.at("192.0.2.1:6881")
		c.Conn4, c.Conn6 = mine, mine
		tracker = newTracker(t, url4, c)
		announceOK(t, tracker, announcement(swarm.None))
		tracker.trackers.Close()
		time.Sleep(time.Hour)
		_, err := mine.WriteTo([]byte("still open"), net.UDPAddrFromAddrPort(mine.addr))
		require.NoError(t, err)
		b := make([]byte, 100)
		require.NoError(t, mine.SetReadDeadline(time.Time{}))
		k, _, err := mine.ReadFrom(b)
		require.NoError(t, err)
		require.Equal(t, "still open", string(b[:k]))
	})
}

// A socket that fails ends the calls under way, and the next call opens another.
func TestSocketFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		newServer(t, n.at(server4))
		c := n.config()
		var conns []net.PacketConn
		c.Listen = func(ctx context.Context, network, address string) (net.PacketConn, error) {
			conn, err := n.listen(ctx, network, address)
			conns = append(conns, conn)
			return conn, err
		}
		silent := newTracker(t, "udp://203.0.113.9:1", c)
		result := make(chan error)
		go func() {
			_, err := silent.Announce(t.Context(), announcement(swarm.Started), ignore)
			result <- err
		}()
		synctest.Wait()
		conns[0].Close()
		require.ErrorIs(t, <-result, net.ErrClosed)
		tracker, err := silent.trackers.New(url4)
		require.NoError(t, err)
		announceOK(t, tracker, announcement(swarm.Started))
		require.Len(t, conns, 2)
	})
}
