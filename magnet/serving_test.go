package magnet

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A listener is an extension.Conn that notes what is sent.
type listener struct {
	addr     netip.AddrPort
	uploaded int
	late     []func() []byte // messages that wait
	got      []peerwire.MetadataMessage
}

func (l *listener) Peer() swarm.Peer               { return 1 }
func (l *listener) Swarm() swarm.ID                { return swarm.ID{} }
func (l *listener) Addr() netip.AddrPort           { return l.addr }
func (l *listener) Outgoing() bool                 { return false }
func (l *listener) Found(...swarm.Address)         {}
func (l *listener) Peers(func(swarm.Address) bool) {}
func (l *listener) CountIgnored(int)               {}
func (l *listener) CountUpload(n int)              { l.uploaded += n }
func (l *listener) Send(body []byte) bool          { l.note(body); return true }
func (l *listener) SendLater(body func() []byte) bool {
	if len(l.late) == 64 {
		return false
	}
	l.late = append(l.late, body)
	return true
}

// read has the peer read one message that waits.
func (l *listener) read() {
	body := l.late[0]
	l.late = l.late[1:]
	l.note(body())
}

// take returns what the peer got, when it has read everything.
func (l *listener) take() []peerwire.MetadataMessage {
	for len(l.late) > 0 {
		l.read()
	}
	got := l.got
	l.got = nil
	return got
}

func (l *listener) note(body []byte) {
	m, err := peerwire.ParseMetadata(bytes.Clone(body))
	if err != nil {
		panic(err)
	}
	l.got = append(l.got, m)
}

// open returns the session of a peer.
func open(now time.Time, e extension.Extension, addr string) (*listener, extension.Session) {
	c := &listener{addr: netip.MustParseAddrPort(addr)}
	var hello peerwire.ExtendedHandshake
	s := e.Open(now, c, &hello)
	s.Hello(now, &hello)
	s.Tick(now)
	return c, s
}

// request sends a request for a piece of metadata.
func request(t *testing.T, s extension.Session, piece int) {
	body := peerwire.MetadataMessage{Type: peerwire.MetadataRequest, Piece: piece}.AppendTo(nil)
	require.NoError(t, s.Message(time.Now(), body))
}

func TestServe(t *testing.T) {
	info := randomInfo(40_000)
	e := Serve(len(info), bytes.NewReader(info))(extension.Torrent{Private: true})
	require.Equal(t, "ut_metadata", e.Name())
	var hello peerwire.ExtendedHandshake
	e.Hello(&hello)
	require.Equal(t, len(info), hello.MetadataSize)
	c, s := open(time.Now(), e, "192.0.2.1:1")
	for piece := range 3 {
		request(t, s, piece)
	}
	require.Empty(t, c.got, "nothing is read before it is sent")
	var got []byte
	for i, m := range c.take() {
		require.Equal(t, peerwire.MetadataData, m.Type)
		require.Equal(t, i, m.Piece)
		require.Equal(t, 40_000, m.TotalSize)
		got = append(got, m.Data...)
	}
	require.Equal(t, info, got)
	require.Equal(t, 40_000, c.uploaded)

	// Pieces that do not exist are rejected, other messages ignored.
	for _, piece := range []int{3, 100_000} {
		request(t, s, piece)
		require.Equal(t, []peerwire.MetadataMessage{{Type: peerwire.MetadataReject, Piece: piece}}, c.take())
	}
	require.NoError(t, s.Message(time.Now(), []byte("d8:msg_typei9ee")))
	require.NoError(t, s.Message(time.Now(), []byte("d8:msg_typei1e5:piecei0eex")))
	require.Error(t, s.Message(time.Now(), []byte("x")))
	require.Empty(t, c.take())
	require.Equal(t, 40_000, c.uploaded)
}

// A peer that comes back gets no more than one that stays, also from another address of its
// /64. Ten minutes later it may ask again.
func TestPeerThatComesBack(t *testing.T) {
	now := time.Now()
	info := randomInfo(100)
	e := Serve(len(info), bytes.NewReader(info))(extension.Torrent{})
	count := func(addr string) (sent int) {
		for range 5 {
			c, s := open(now, e, addr)
			request(t, s, 0)
			for _, m := range c.take() {
				if m.Type == peerwire.MetadataData {
					sent++
				}
			}
			s.Close()
			now = now.Add(2 * time.Second)
		}
		return sent
	}
	require.Equal(t, 3, count("192.0.2.1:1"))
	require.Zero(t, count("192.0.2.1:2"))
	require.Equal(t, 3, count("192.0.2.2:1"))
	require.Equal(t, 3, count("[2001:db8::1]:1"))
	require.Zero(t, count("[2001:db8::2]:1"))
	require.Equal(t, 5, count("10.0.0.1:1"), "many may share it")
	now = now.Add(sentMemory)
	require.Equal(t, 3, count("192.0.2.1:1"))
}

// What is remembered is bounded.
func TestSentCountsAreBounded(t *testing.T) {
	var s sentCounts
	for i := range maxSentCounts + 10 {
		s.of(time.Now(), netip.AddrFrom4([4]byte{192, 0, byte(i >> 8), byte(i)}))
	}
	require.Len(t, s.all, maxSentCounts)
	require.Len(t, s.order, maxSentCounts)
}

// A storm of requests has each piece sent three times.
func TestStormOfRequests(t *testing.T) {
	info := randomInfo(30 * peerwire.MetadataPieceLen)
	c, s := open(time.Now(), Serve(len(info), bytes.NewReader(info))(extension.Torrent{}), "192.0.2.1:1")
	sent, rejected := map[int]int{}, 0
	for range 2 {
		for range 10 {
			for piece := range 30 {
				request(t, s, piece)
			}
		}
		for _, m := range c.take() {
			if m.Type == peerwire.MetadataReject {
				rejected++
			} else {
				sent[m.Piece]++
			}
		}
	}
	for piece := range 30 {
		require.Equal(t, 3, sent[piece])
	}
	require.Equal(t, 600-90, rejected)
	require.Equal(t, 3*len(info), c.uploaded)
}

// A peer that reads nothing holds no metadata. What is rejected because too many of its requests
// wait does not count as sent.
func TestRequestsThatWait(t *testing.T) {
	info := randomInfo(100 * peerwire.MetadataPieceLen)
	c, s := open(time.Now(), Serve(len(info), bytes.NewReader(info))(extension.Torrent{}), "192.0.2.1:1")
	for piece := range 100 {
		request(t, s, piece)
	}
	require.Len(t, c.got, 36)
	for _, m := range c.got {
		require.Equal(t, peerwire.MetadataReject, m.Type)
	}
	require.Equal(t, 64*peerwire.MetadataPieceLen, c.uploaded)
	c.got = nil
	c.read()
	request(t, s, 99)
	require.Len(t, c.take(), 65)
}

// failing is a file that is gone.
type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the file is gone") }

// What cannot be read is rejected.
func TestServeFails(t *testing.T) {
	c, s := open(time.Now(), Serve(40_000, failing{})(extension.Torrent{}), "192.0.2.1:1")
	request(t, s, 1)
	require.Equal(t, []peerwire.MetadataMessage{{Type: peerwire.MetadataReject, Piece: 1}}, c.take())
}

// FuzzServe has a peer send arbitrary messages. It never gets a piece more than three times.
func FuzzServe(f *testing.F) {
	f.Add([]byte("d8:msg_typei0e5:piecei0ee"), uint16(1))
	f.Add([]byte("d8:msg_typei0e5:piecei131071ee"), uint16(40_000))
	f.Fuzz(func(t *testing.T, body []byte, size uint16) {
		info := randomInfo(int(size))
		c, s := open(time.Now(), Serve(len(info), bytes.NewReader(info))(extension.Torrent{}), "192.0.2.1:1")
		for range 10 {
			if s.Message(time.Now(), body) != nil {
				break
			}
		}
		sent := 0
		for _, m := range c.take() {
			if m.Type == peerwire.MetadataData {
				sent++
			}
		}
		if sent > maxServed || (sent > 0) != (c.uploaded > 0) {
			t.Fatalf("%d times sent, %d bytes counted", sent, c.uploaded)
		}
	})
}
