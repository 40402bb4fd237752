package peerwire

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// small is the geometry of a torrent of eleven pieces of 32 KiB, the last of 5 bytes.
var small = swarm.Geometry{Length: 10<<15 + 5, PieceLength: 1 << 15}

// messages returns messages of every kind that are valid for small.
func messages() []Message {
	return []Message{
		{Kind: KeepAlive},
		{Kind: Choke},
		{Kind: Unchoke},
		{Kind: Interested},
		{Kind: NotInterested},
		{Kind: Have, Piece: 10},
		{Kind: Bitfield, Data: []byte{0xff, 0xe0}},
		{Kind: Request, Block: swarm.Block{Piece: 1, Begin: 1 << 14, Length: 1 << 14}},
		{Kind: Piece, Block: swarm.Block{Piece: 10, Begin: 2, Length: 3}, Data: []byte("abc")},
		{Kind: Cancel, Block: swarm.Block{Piece: 2, Begin: 7, Length: 1}},
		{Kind: Port, Port: 6881},
		{Kind: Suggest, Piece: 3},
		{Kind: HaveAll},
		{Kind: HaveNone},
		{Kind: Reject, Block: swarm.Block{Piece: 3, Length: 1 << 15}},
		{Kind: AllowedFast, Piece: 4},
		{Kind: Extended, ExtID: 0, Data: []byte("de")},
		{Kind: Extended, ExtID: 3, Data: []byte{}},
		{Kind: Unknown, ExtID: 21, Data: []byte("later")},
		{Kind: Unknown, ExtID: 0xff, Data: []byte{}},
	}
}

// requireSame requires that both messages are equal; nil Data equals empty Data.
func requireSame(t *testing.T, want, got Message) {
	t.Helper()
	require.Equal(t, string(want.Data), string(got.Data))
	want.Data, got.Data = nil, nil
	require.Equal(t, want, got)
}

// requireProtocolError requires that err is a *ProtocolError about k.
func requireProtocolError(t *testing.T, err error, k Kind) {
	t.Helper()
	var protocolErr *ProtocolError
	require.ErrorAs(t, err, &protocolErr)
	require.Equal(t, k, protocolErr.Message, "%v", err)
	require.NotEmpty(t, protocolErr.Reason)
}

// frame returns body with its length prefix.
func frame(body ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// message returns the encoded message of kind k with the numbers ns.
func message(k Kind, ns ...uint32) []byte {
	b := []byte{byte(k)}
	for _, n := range ns {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return frame(b...)
}

func TestDecodeEachKind(t *testing.T) {
	for _, l := range []Limits{{Geometry: small, Fast: true}, {Fast: true}} {
		d := NewDecoder(l)
		for _, want := range messages() {
			b := want.AppendTo(nil)
			require.Len(t, b, want.Len())
			m, n, need, err := d.Decode(append(b, "next"...))
			require.NoError(t, err, want.Kind)
			require.Equal(t, len(b), n)
			require.Equal(t, len(b), need)
			requireSame(t, want, m)
		}
	}
}

func TestDecodeIncompleteMessages(t *testing.T) {
	d := NewDecoder(Limits{Geometry: small, Fast: true})
	for _, want := range messages() {
		b := want.AppendTo(nil)
		for i := range b {
			_, n, need, err := d.Decode(b[:i])
			require.NoError(t, err, "%v: %d bytes", want.Kind, i)
			require.Zero(t, n)
			if i < prefixLen {
				require.Zero(t, need)
			} else {
				require.Equal(t, len(b), need)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	const maxIndex = math.MaxUint32
	for name, test := range map[string]struct {
		b    []byte
		kind Kind
	}{
		"have past the end":              {message(Have, 11), Have},
		"have of 0xffffffff":             {message(Have, maxIndex), Have},
		"suggest past the end":           {message(Suggest, 11), Suggest},
		"allowed fast past the end":      {message(AllowedFast, maxIndex), AllowedFast},
		"choke with a body":              {frame(byte(Choke), 0), Choke},
		"have without an index":          {frame(byte(Have)), Have},
		"have with too much":             {frame(byte(Have), 0, 0, 0, 0, 0), Have},
		"request too short":              {message(Request, 0, 0), Request},
		"request too long":               {message(Request, 0, 0, 1, 0), Request},
		"request of a missing piece":     {message(Request, 11, 0, 1), Request},
		"request of nothing":             {message(Request, 0, 0, 0), Request},
		"request of 128 KiB + 1":         {message(Request, 0, 0, swarm.MaxRequest+1), Request},
		"request past the piece":         {message(Request, 0, 1<<14, 1<<14+1), Request},
		"request past the last":          {message(Request, 10, 3, 3), Request},
		"request that overflows":         {message(Request, 0, maxIndex, 1), Request},
		"request that overflows 31 bits": {message(Request, 0, math.MaxInt32, 1), Request},
		"request of too much":            {message(Request, 0, 0, maxIndex), Request},
		"cancel past the piece":          {message(Cancel, 0, 1<<15, 1), Cancel},
		"reject past the piece":          {message(Reject, 0, 1<<15, 1), Reject},
		"piece of a missing piece":       {append(message(Piece, 11, 0), 0, 0, 0, 0), Piece},
		"piece past the piece":           {message(Piece, 10, 4, 0), Piece},
		"piece without payload":          {message(Piece, 0, 0), Piece},
		"piece without an offset":        {frame(byte(Piece), 0, 0), Piece},
		"bitfield too short":             {frame(byte(Bitfield), 0xff), Bitfield},
		"bitfield too long":              {frame(byte(Bitfield), 0xff, 0, 0), Bitfield},
		"bitfield with a spare bit":      {frame(byte(Bitfield), 0xff, 0x10), Bitfield},
		"bitfield with all the bits":     {frame(byte(Bitfield), 0xff, 0xff), Bitfield},
		"port too long":                  {frame(byte(Port), 0, 0, 0), Port},
		"port too short":                 {frame(byte(Port), 0), Port},
		"extended without a number":      {frame(byte(Extended)), Extended},
		"have all with a body":           {frame(byte(HaveAll), 1), HaveAll},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder(Limits{Geometry: small, Fast: true})
			_, n, _, err := d.Decode(test.b)
			requireProtocolError(t, err, test.kind)
			require.Zero(t, n)
		})
	}
}

func TestDecodeWithoutGeometry(t *testing.T) {
	d := NewDecoder(Limits{MaxPieces: 100})
	for _, b := range [][]byte{
		message(Have, math.MaxInt32+1),
		message(Request, 0, 0, 0),
		message(Request, 0, 0, swarm.MaxRequest+1),
		message(Request, math.MaxUint32, 0, 1),
		message(Request, 0, math.MaxInt32, 1),
		frame(append([]byte{byte(Bitfield)}, make([]byte, 14)...)...),
	} {
		_, _, _, err := d.Decode(b)
		requireProtocolError(t, err, Kind(b[4]))
	}
	for _, b := range [][]byte{
		message(Have, math.MaxInt32),
		message(Request, math.MaxInt32, math.MaxInt32-swarm.MaxRequest, swarm.MaxRequest),
	} {
		_, n, _, err := d.Decode(b)
		require.NoError(t, err)
		require.Equal(t, len(b), n)
	}
	m, _, _, err := d.Decode(frame(append([]byte{byte(Bitfield)}, make([]byte, 13)...)...))
	require.NoError(t, err)
	require.Len(t, m.Data, 13)
}

func TestFastMessagesMustBeAgreedUpon(t *testing.T) {
	d := NewDecoder(Limits{Geometry: small})
	fast := []byte{13, 14, 15, 16, 17} // https://www.bittorrent.org/beps/bep_0006.html
	var refused []byte
	for _, m := range messages() {
		b := m.AppendTo(nil)
		_, n, _, err := d.Decode(b)
		if m.Kind != KeepAlive && slices.Contains(fast, b[prefixLen]) {
			requireProtocolError(t, err, m.Kind)
			refused = append(refused, b[prefixLen])
			continue
		}
		require.NoError(t, err)
		require.Equal(t, m.Len(), n)
	}
	slices.Sort(refused)
	require.Equal(t, fast, slices.Compact(refused), "messages has one of each kind")
}

// An error says what would have been right.
func TestDecodeSaysWhatIsAllowed(t *testing.T) {
	for _, test := range []struct {
		b    []byte
		want string
	}{
		{frame(byte(Have), 0), "2 bytes long, must be 5"},
		{frame(byte(Piece), 0, 0), "3 bytes long, must be 10 to 131081"},
		{message(Have, 11), "there is no piece 11, the torrent has 11"},
		{message(Request, 0, 0, 0), "the block has 0 bytes, may have 1 to 131072"},
		{message(Request, 0, 0, swarm.MaxRequest), "bytes 0 to 131072 are not in piece 0, which has "},
		{frame(byte(HaveAll)), "sent without the fast extension"},
		{binary.BigEndian.AppendUint32(nil, 1<<31), "2147483648 bytes long, may be at most "},
	} {
		_, _, _, err := NewDecoder(Limits{Geometry: small}).Decode(test.b)
		require.ErrorContains(t, err, test.want)
	}
}

// A message is refused as soon as its first bytes show that it is wrong.
func TestDecodeRefusesEarly(t *testing.T) {
	d := NewDecoder(Limits{Geometry: small, Fast: true, MaxExtended: 100, MaxExtendedHandshake: 50})
	for name, b := range map[string][]byte{
		"any length":           {0xff, 0xff, 0xff, 0xff},
		"longer than any":      binary.BigEndian.AppendUint32(nil, uint32(d.maxLength+1)),
		"bitfield's length":    {0, 0, 0, 100, byte(Bitfield)},
		"request's length":     {0, 0, 0, 100, byte(Request)},
		"piece's length":       append(binary.BigEndian.AppendUint32(nil, pieceOverhead+swarm.MaxRequest+1), byte(Piece)),
		"piece's index":        append(binary.BigEndian.AppendUint32(nil, pieceOverhead+1<<14), byte(Piece), 0, 0, 0, 11, 0, 0, 0, 0),
		"piece's begin":        append(binary.BigEndian.AppendUint32(nil, pieceOverhead+1<<14), byte(Piece), 0, 0, 0, 1, 0, 0, 0x40, 1),
		"extended's length":    {0, 0, 0, 103, byte(Extended)},
		"handshake's length":   {0, 0, 0, 53, byte(Extended), 0},
		"unknown's length":     {0, 0x10, 0, 2, 99},
		"fast, incomplete":     {0, 0, 0, 2, byte(HaveAll)},
		"choke with something": {0, 0, 0, 2, byte(Choke)},
	} {
		_, _, _, err := d.Decode(b)
		var protocolErr *ProtocolError
		require.ErrorAs(t, err, &protocolErr, name)
	}
	_, n, need, err := d.Decode([]byte{0, 0, 0, 102, byte(Extended), 1})
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, 106, need)
}

func TestNegativeLimits(t *testing.T) {
	d := NewDecoder(Limits{MaxExtended: -1, MaxUnknown: -1})
	_, _, _, err := d.Decode(Message{Kind: Extended}.AppendTo(nil))
	requireProtocolError(t, err, Extended)
	_, _, _, err = d.Decode(Message{Kind: Extended, ExtID: 1}.AppendTo(nil))
	requireProtocolError(t, err, Extended)
	_, _, _, err = d.Decode(Message{Kind: Unknown, ExtID: 99}.AppendTo(nil))
	requireProtocolError(t, err, Unknown)

	d = NewDecoder(Limits{MaxExtendedHandshake: -1})
	_, _, _, err = d.Decode(Message{Kind: Extended}.AppendTo(nil))
	requireProtocolError(t, err, Extended)
	_, n, _, err := d.Decode(Message{Kind: Extended, ExtID: 1}.AppendTo(nil))
	require.NoError(t, err)
	require.Equal(t, 6, n)

	// Huge limits are bounded, so that sums of lengths do not overflow.
	d = NewDecoder(Limits{MaxExtended: math.MaxInt, MaxUnknown: math.MaxInt, MaxPieces: math.MaxInt})
	_, _, _, err = d.Decode([]byte{0xff, 0xff, 0xff, 0xff})
	requireProtocolError(t, err, Unknown)
}

// In a v2 torrent a piece ends where its padding begins, and a request may extend into
// the padding.
func TestDecodeShortPieces(t *testing.T) {
	d := NewDecoder(Limits{Geometry: swarm.Geometry{
		Length: 2 << 15, PieceLength: 1 << 15, Short: true,
		Pads: []swarm.Span{{Offset: 100, Length: 1<<15 - 100}},
	}})
	for _, length := range []uint32{100, 101, 1 << 15} {
		_, _, _, err := d.Decode(message(Request, 0, 0, length))
		require.NoError(t, err)
	}
	_, _, _, err := d.Decode(message(Request, 0, 0, 1<<15+1))
	requireProtocolError(t, err, Request)
	_, _, _, err = d.Decode(message(Request, 0, 100, 1))
	requireProtocolError(t, err, Request)
}

func TestDecodeAllocatesNothing(t *testing.T) {
	d := NewDecoder(Limits{Geometry: small, Fast: true})
	var b []byte
	for _, m := range messages() {
		b = m.AppendTo(b)
	}
	out := make([]byte, 0, len(b))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		out = out[:0]
		for rest := b; len(rest) > 0; {
			m, n, _, err := d.Decode(rest)
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			rest = rest[n:]
			out = m.AppendTo(out)
		}
	}))
	require.Equal(t, b, out)
}

func BenchmarkDecode(b *testing.B) {
	g := swarm.Geometry{Length: 1 << 30, PieceLength: 1 << 20}
	for name, m := range map[string]Message{
		"have":    {Kind: Have, Piece: 5},
		"request": {Kind: Request, Block: swarm.Block{Piece: 5, Begin: 1 << 14, Length: 1 << 14}},
		"piece":   {Kind: Piece, Block: swarm.Block{Piece: 5, Begin: 1 << 14, Length: 1 << 14}, Data: make([]byte, 1<<14)},
	} {
		b.Run(name, func(b *testing.B) {
			d, in := NewDecoder(Limits{Geometry: g}), m.AppendTo(nil)
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, n, _, err := d.Decode(in); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// FuzzDecode checks that Decode does not panic on any input, keeps to the limits,
// returns messages that encode to the same bytes, and decides nothing from the first
// bytes of a message that all bytes contradict.
func FuzzDecode(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.AppendTo(nil), true, true)
	}
	f.Add(message(Have, math.MaxUint32), true, true)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 7}, false, false)
	f.Fuzz(func(t *testing.T, b []byte, geometry, fast bool) {
		l := Limits{Fast: fast}
		if geometry {
			l.Geometry = small
		}
		d := NewDecoder(l)
		m, n, need, err := d.Decode(b)
		if need > prefixLen+d.maxLength || n > len(b) || n > need || (err != nil && n != 0) {
			t.Fatalf("n is %d, need is %d, the input has %d bytes, error %v", n, need, len(b), err)
		}
		if n > 0 && !bytes.Equal(m.AppendTo(nil), b[:n]) {
			t.Fatalf("%+v encodes to %x, was %x", m, m.AppendTo(nil), b[:n])
		}
		if n != m.Len() && n > 0 {
			t.Fatalf("Len is %d, Decode took %d bytes", m.Len(), n)
		}
		if len(b) >= PieceHeaderLen {
			block, ok := d.PieceHeader(b)
			isPiece := err == nil && kindOf(b[prefixLen]) == Piece && need > prefixLen
			if ok != isPiece || (ok && n > 0 && block != m.Block) {
				t.Fatalf("the header says %v, %+v; the message is %+v, error %v", ok, block, m, err)
			}
		}
		for i := range min(len(b), 64) {
			pm, pn, pneed, perr := d.Decode(b[:i])
			switch {
			case perr != nil && err == nil:
				t.Fatalf("the first %d bytes: %v, but the whole message is valid", i, perr)
			case pneed != 0 && err == nil && pneed != need:
				t.Fatalf("the first %d bytes need %d, the whole message %d", i, pneed, need)
			case pn != 0 && (pn != n || !bytes.Equal(pm.AppendTo(nil), m.AppendTo(nil))):
				t.Fatalf("the first %d bytes: %+v, the whole message: %+v", i, pm, m)
			}
		}
	})
}
