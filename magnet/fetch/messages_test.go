package fetch

import (
	"crypto/sha1"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// metadata returns a message of ut_metadata to us.
func metadata(m peerwire.MetadataMessage) peerwire.Message {
	return peerwire.Message{Kind: peerwire.Extended, ExtID: MetadataNumber, Data: m.AppendTo(nil)}
}

// hello returns an extension handshake with a number for ut_metadata and a size.
func hello(number uint8, size int) peerwire.Message {
	h := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: number}, MetadataSize: size}
	return peerwire.Message{Kind: peerwire.Extended, Data: h.AppendTo(nil)}
}

// data returns piece i of info as a peer sends it.
func data(info []byte, i int) peerwire.Message {
	begin := i * peerwire.MetadataPieceLen
	return metadata(peerwire.MetadataMessage{
		Type: peerwire.MetadataData, Piece: i, TotalSize: len(info), Data: info[begin : begin+pieceLen(len(info), i)],
	})
}

// repeated returns n times the same message.
func repeated(n int, m peerwire.Message) (all []peerwire.Message) {
	for range n {
		all = append(all, m)
	}
	return all
}

// A peer that was asked for 3 pieces sends something, and the connection ends or stays.
func TestMessages(t *testing.T) {
	info := randomInfo(40_000)
	piece := func(i, total, length int) peerwire.Message {
		return metadata(peerwire.MetadataMessage{Type: peerwire.MetadataData, Piece: i, TotalSize: total, Data: make([]byte, length)})
	}
	body := func(s string) peerwire.Message {
		return peerwire.Message{Kind: peerwire.Extended, ExtID: MetadataNumber, Data: []byte(s)}
	}
	request := metadata(peerwire.MetadataMessage{Type: peerwire.MetadataRequest})
	reject := metadata(peerwire.MetadataMessage{Type: peerwire.MetadataReject, Piece: 1})
	long := peerwire.Message{Kind: peerwire.Extended, ExtID: 9, Data: make([]byte, 60_000)}
	for _, test := range []struct {
		name string
		sent []peerwire.Message
		want error // nil if the connection stays, errAny for any
	}{
		{"a piece", []peerwire.Message{data(info, 1)}, nil},
		{"a piece without total_size", []peerwire.Message{piece(0, 0, 16384)}, nil},
		{"a piece twice", []peerwire.Message{data(info, 1), data(info, 1)}, errUnasked},
		{"a piece out of range", []peerwire.Message{piece(3, 0, 100)}, errUnasked},
		{"a piece far out of range", []peerwire.Message{piece(100_000, 0, 100)}, errUnasked},
		{"a negative piece", []peerwire.Message{body("d8:msg_typei1e5:piecei-1eex")}, errAny},
		{"the last piece too long", []peerwire.Message{piece(2, 0, 16384)}, errLength},
		{"a piece too short", []peerwire.Message{piece(0, 0, 16383)}, errLength},
		{"a piece of other metadata", []peerwire.Message{piece(0, 50_000, 16384)}, errSizeChanged},
		{"no dictionary", []peerwire.Message{body("x")}, errAny},
		{"nothing", []peerwire.Message{body("")}, errAny},
		{"a type that is unknown", []peerwire.Message{body("d8:msg_typei7ee")}, nil},
		{"a request", []peerwire.Message{request}, nil},
		{"a storm of requests", repeated(2000, request), errFlood},
		{"a reject", []peerwire.Message{reject}, nil},
		{"a storm of rejects", repeated(2000, reject), errFlood},
		{"another size", []peerwire.Message{hello(3, 40_001)}, errSizeChanged},
		{"the largest size", []peerwire.Message{hello(3, math.MaxInt32)}, errSizeChanged},
		{"the same size, no size", []peerwire.Message{hello(3, 40_000), hello(3, 0)}, nil},
		{"a storm of extension handshakes", repeated(500, hello(3, 40_000)), errFlood},
		{"an extension that we do not have", []peerwire.Message{long}, nil},
		{"a storm of it", repeated(20, long), errFlood},
		{"a storm of keep-alives", repeated(5000, peerwire.Message{Kind: peerwire.KeepAlive}), errFlood},
		{"a storm of unchokes", repeated(5000, peerwire.Message{Kind: peerwire.Unchoke}), errFlood},
		{"a storm of HAVEs", repeated(30_000, peerwire.Message{Kind: peerwire.Have, Piece: 1}), errReplayFull},
		{"a storm of suggestions", repeated(30_000, peerwire.Message{Kind: peerwire.Suggest, Piece: 1}), errReplayFull},
		{"a storm of block requests", repeated(5000, peerwire.Message{Kind: peerwire.Request, Block: swarm.Block{Length: 1}}), errFlood},
		{"a block", []peerwire.Message{{Kind: peerwire.Piece, Data: []byte("x")}}, errUnaskedBlock},
		{"a late bitfield", []peerwire.Message{{Kind: peerwire.Unchoke}, {Kind: peerwire.Bitfield, Data: []byte{1}}}, errAny},
		{"a large bitfield", []peerwire.Message{{Kind: peerwire.Bitfield, Data: make([]byte, maxReplay)}}, errReplayFull},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Unix(1e9, 0)
			s := New(Config{HashV1: sha1.Sum(info)})
			s.Join(now, Joined{Peer: 1, Addr: addrOf(1), Fast: true, Extended: true})
			s.Receive(now, 1, hello(3, len(info)))
			require.Len(t, s.Settle(now).Send, 1)
			for _, m := range test.sent {
				s.Receive(now, 1, m)
			}
			turn := s.Settle(now)
			if test.want == nil {
				require.Empty(t, turn.Close)
				return
			}
			require.Len(t, turn.Close, 1)
			require.False(t, turn.Close[0].Ban)
			if test.want != errAny {
				require.Equal(t, test.want, turn.Close[0].Why)
				return
			}
			require.Equal(t, report.EndBroken, turn.Close[0].End)
		})
	}
}

var errAny = &peerwire.ProtocolError{}

// sent decodes what a turn sends to the peer.
func sent(t *testing.T, turn Turn) (all []peerwire.Message) {
	d := peerwire.NewDecoder(peerwire.Limits{Fast: true})
	for _, send := range turn.Send {
		for b := send.Bytes; len(b) > 0; {
			m, n, _, err := d.Decode(b)
			require.NoError(t, err)
			all, b = append(all, m), b[n:]
		}
	}
	return all
}

// Our first messages are these, in this order.
func TestFirstMessages(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		joined Joined
		want   []peerwire.Kind
	}{
		{Joined{Fast: true, Extended: true}, []peerwire.Kind{peerwire.HaveNone, peerwire.Extended}},
		{Joined{Extended: true}, []peerwire.Kind{peerwire.Extended}},
		{Joined{Fast: true}, []peerwire.Kind{peerwire.HaveNone}},
		{Joined{}, nil},
	} {
		s := New(Config{UserAgent: "Shoal", Port: 6881, Reqq: 250})
		test.joined.Addr = addrOf(5)
		s.Join(now, test.joined)
		var kinds []peerwire.Kind
		for _, m := range sent(t, s.Settle(now)) {
			kinds = append(kinds, m.Kind)
			if m.Kind == peerwire.Extended {
				require.Equal(t, "d1:md11:ut_metadatai200e6:ut_pexi201ee1:pi6881e4:reqqi250e1:v5:Shoal6:yourip4:\xc0\x00\x00\x05e", string(m.Data))
			}
		}
		require.Equal(t, test.want, kinds)
	}
}

// Requests for metadata and for blocks are rejected.
func TestRejects(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{})
	block := swarm.Block{Piece: 4, Begin: 16384, Length: 16384}
	s.Join(now, Joined{Peer: 1, Fast: true, Extended: true})
	s.Join(now, Joined{Peer: 2, Extended: true})
	s.Settle(now)
	ask := metadata(peerwire.MetadataMessage{Type: peerwire.MetadataRequest, Piece: 7})
	s.Receive(now, 1, ask)
	require.Empty(t, s.Settle(now).Send, "it has not said by which number")
	s.Receive(now, 1, hello(5, 0))
	s.Receive(now, 1, ask)
	s.Receive(now, 1, peerwire.Message{Kind: peerwire.Request, Block: block})
	s.Receive(now, 2, peerwire.Message{Kind: peerwire.Request, Block: block})
	got := sent(t, s.Settle(now))
	require.Equal(t, []peerwire.Message{
		{Kind: peerwire.Extended, ExtID: 5, Data: []byte("d8:msg_typei2e5:piecei7ee")},
		{Kind: peerwire.Reject, Block: block},
	}, got)
}

// A later extension handshake changes the number, takes the extension away, or brings the
// size.
func TestNumberChanges(t *testing.T) {
	now := time.Unix(1e9, 0)
	info := randomInfo(1_000_000)
	s := New(Config{HashV1: sha1.Sum(info)})
	s.Join(now, Joined{Peer: 1, Addr: addrOf(1), Extended: true})
	s.Receive(now, 1, hello(5, 0))
	require.Len(t, sent(t, s.Settle(now)), 1)
	s.Receive(now, 1, hello(6, len(info)))
	for _, m := range sent(t, s.Settle(now)) {
		require.EqualValues(t, 6, m.ExtID)
	}
	s.Receive(now, 1, data(info, 0))
	s.Receive(now, 1, hello(9, 0))
	for _, m := range sent(t, s.Settle(now)) {
		require.EqualValues(t, 9, m.ExtID)
	}
	s.Receive(now, 1, hello(0, 0))
	s.Receive(now, 1, data(info, 1))
	turn := s.Settle(now)
	require.Empty(t, turn.Send)
	require.Empty(t, turn.Close, "an answer that was under way")
	s.Receive(now, 1, hello(9, 0))
	require.NotEmpty(t, s.Settle(now).Send)
	require.Equal(t, 1, s.Progress().Pieces, "what came while the extension was off is not kept")
}

// The window begins with 8 requests and grows with each prompt answer, up to 48.
func TestWindow(t *testing.T) {
	now := time.Unix(1e9, 0)
	info := randomInfo(4 << 20)
	s := New(Config{HashV1: sha1.Sum(info)})
	s.Join(now, Joined{Peer: 1, Addr: addrOf(1), Extended: true})
	s.Receive(now, 1, hello(5, len(info)))
	require.Len(t, sent(t, s.Settle(now)), 1+8)
	for round, want := range []int{16, 32, 48, 48} {
		now = now.Add(100 * time.Millisecond)
		for _, r := range append([]request(nil), s.peers[1].open...) {
			s.Receive(now, 1, data(info, r.piece))
		}
		s.Settle(now)
		require.Len(t, s.peers[1].open, want, "round %d", round)
	}
}

func TestReplay(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{})
	s.Join(now, Joined{Peer: 1, Fast: true, Extended: true})
	for _, m := range []peerwire.Message{
		hello(5, 0),
		{Kind: peerwire.Bitfield, Data: []byte{0x80, 0}},
		{Kind: peerwire.Port, Port: 1},
		{Kind: peerwire.Have, Piece: 0},
		{Kind: peerwire.Have, Piece: 9},
		{Kind: peerwire.Unchoke},
		{Kind: peerwire.Choke},
		{Kind: peerwire.Interested},
		metadata(peerwire.MetadataMessage{Type: peerwire.MetadataRequest}),
		{Kind: peerwire.Port, Port: 2},
		{Kind: peerwire.Suggest, Piece: 3},
		hello(6, 0),
	} {
		s.Receive(now, 1, m)
	}
	var want []byte
	for _, m := range []peerwire.Message{
		hello(5, 0),
		{Kind: peerwire.Bitfield, Data: []byte{0x80, 0}},
		{Kind: peerwire.Have, Piece: 9},
		{Kind: peerwire.Suggest, Piece: 3},
		hello(6, 0),
		{Kind: peerwire.Port, Port: 2},
		{Kind: peerwire.Interested},
	} {
		want = m.AppendTo(want)
	}
	require.Equal(t, want, s.Replay(1))
	require.Nil(t, s.Replay(2))
}

// Only a peer that alone sent a wrong whole is banned, also if it has left before.
func TestBans(t *testing.T) {
	now := time.Unix(1e9, 0)
	info := randomInfo(40_000)
	wrong := spoiled(info)
	start := func() *State {
		s := New(Config{HashV1: sha1.Sum(info)})
		for i := swarm.Peer(1); i <= 3; i++ {
			s.Join(now, Joined{Peer: i, Addr: addrOf(i), Extended: true})
			s.Receive(now, i, hello(5, len(info)))
			s.peers[i].open = nil
			for piece := range 3 {
				s.peers[i].open = append(s.peers[i].open, request{piece: piece, at: now, answers: 2})
			}
		}
		s.Settle(now)
		return s
	}
	s := start()
	for i := range 3 {
		s.Receive(now, 2, data(wrong, i))
	}
	turn := s.Settle(now)
	require.Equal(t, []Close{{Peer: 2, Addr: addrOf(2), Why: errWrongMetadata, End: report.EndBanned, Ban: true}}, turn.Close)
	require.False(t, s.groups[0].hasFailed())

	s = start()
	s.Receive(now, 1, data(info, 0))
	s.Receive(now, 2, data(wrong, 1))
	s.Receive(now, 3, data(info, 2))
	require.Empty(t, s.Settle(now).Close)
	require.True(t, s.groups[0].hasFailed())
	for i := range 3 {
		s.Receive(now, 2, data(wrong, i))
		s.Receive(now, 1, data(info, i))
	}
	turn = s.Settle(now)
	require.Equal(t, info, turn.Info)
	require.Len(t, turn.Close, 1, "peer 2")
	require.True(t, turn.Close[0].Ban)
}

// A request that was forgotten is sent again, and both may be answered.
func TestForgottenRequest(t *testing.T) {
	now := time.Unix(1e9, 0)
	info := randomInfo(40_000)
	s := New(Config{HashV1: sha1.Sum(info)})
	s.Join(now, Joined{Peer: 1, Addr: addrOf(1), Extended: true})
	s.Receive(now, 1, hello(5, len(info)))
	require.Len(t, sent(t, s.Settle(now)), 1+3)
	now = s.Settle(now).Next
	for now.Before(time.Unix(1e9, 0).Add(giveUpAfter + time.Second)) {
		now = now.Add(100 * time.Millisecond)
		turn := s.Settle(now)
		if len(turn.Send) > 0 {
			require.Len(t, sent(t, turn), 1, "one at a time")
			break
		}
	}
	require.Equal(t, 1, s.peers[1].window)
	s.Receive(now, 1, data(info, 0))
	require.Equal(t, s.peers[1].window, s.peers[1].room(), "nothing waits for the second answer")
	s.Receive(now, 1, data(info, 0))
	require.Empty(t, s.Settle(now).Close)
	s.Receive(now, 1, data(info, 0))
	require.Len(t, s.Settle(now).Close, 1, "a third answer was not asked for")
}

// A slow peer is asked only for what quick ones have no room for.
func TestSlowPeerIsAskedLast(t *testing.T) {
	now := time.Unix(1e9, 0)
	info := randomInfo(10 * peerwire.MetadataPieceLen)
	s := New(Config{HashV1: sha1.Sum(info)})
	for id, delay := range map[swarm.Peer]time.Duration{1: time.Second, 2: 100 * time.Millisecond} {
		s.Join(now, Joined{Peer: id, Addr: addrOf(id), Extended: true})
		s.peers[id].answered(now, delay)
	}
	s.Receive(now, 1, hello(5, len(info)))
	s.Receive(now, 2, hello(5, len(info)))
	s.peers[2].window = 7
	s.Settle(now)
	require.Len(t, s.peers[2].open, 7)
	require.Len(t, s.peers[1].open, 3)
	require.Equal(t, 7, s.peers[1].open[0].piece)
}

// A message that changes nothing is cheap, also while many peers are asked for much.
func TestCheapMessages(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{HashV1: [20]byte{1}, Interested: true})
	for i := range 30 {
		id := swarm.Peer(i + 1)
		s.Join(now, Joined{Peer: id, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{8, byte(i), 0, 1}), 1), Extended: true})
		s.Receive(now, id, hello(3, 1<<20))
		s.Receive(now, id, peerwire.Message{Kind: peerwire.Have})
	}
	require.NotEmpty(t, s.Settle(now).Send)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		s.Receive(now, 1, peerwire.Message{Kind: peerwire.KeepAlive})
		require.Empty(t, s.Settle(now).Send)
	}), "what to request is not chosen again")
}
