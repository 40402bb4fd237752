package conns

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A stream is a connection on which some bytes come at a time.
type stream struct {
	net.Conn
	rest    []byte
	sizes   []byte // of the reads, in units of 97 bytes; 0 for as much as there is room for
	next    int
	vectors int // calls of ReadVec
}

func (s *stream) take(room int) int {
	n := min(room, len(s.rest))
	if len(s.sizes) > 0 {
		if size := int(s.sizes[s.next%len(s.sizes)]) * 97; size > 0 {
			n = min(n, size)
		}
		s.next++
	}
	return n
}

func (s *stream) Read(p []byte) (int, error) { return s.read([][]byte{p}) }

func (s *stream) ReadVec(vec [][]byte) (int, error) {
	s.vectors++
	return s.read(vec)
}

func (s *stream) read(vec [][]byte) (n int, err error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	room := 0
	for _, p := range vec {
		room += len(p)
	}
	left := s.take(room)
	for _, p := range vec {
		k := copy(p, s.rest[:min(left-n, len(s.rest))])
		s.rest = s.rest[k:]
		n += k
	}
	return n, nil
}

func (s *stream) SetReadDeadline(time.Time) error { return nil }
func (s *stream) Close() error                    { return nil }

// A collector is an Owner that keeps the messages of one connection.
type collector struct {
	*torrent
	conn *Conn
	got  []peerwire.Message
}

func (c *collector) Post(in protocol.Input) {
	b := in.(*protocol.Received)
	for _, m := range b.Messages {
		m.Data = bytes.Clone(m.Data) // the buffer is not given back
		c.got = append(c.got, m)
	}
	c.conn.Return(b)
}

// readAll returns the messages of a stream, and why it ended. requested is the number of
// blocks that may come.
func readAll(s *stream, vectors vectorReader, requested int) ([]peerwire.Message, error) {
	x := &collector{torrent: new(torrent)}
	x.store.Geometry = swarm.Geometry{Length: 4096 * swarm.BlockLen, PieceLength: 64 * swarm.BlockLen}
	x.conn = &Conn{
		sockets:  NewSockets(testConfig(nil)),
		owner:    x,
		socket:   s,
		returned: make(chan *protocol.Received, batches),
		closed:   make(chan struct{}),
	}
	for range requested {
		x.conn.tally.AddCredit()
	}
	for range batches {
		x.conn.returned <- new(protocol.Received)
	}
	r := &reader{conn: x.conn, buf: make([]byte, smallBuffer), vectors: vectors}
	r.decoder = peerwire.NewDecoder(peerwire.Limits{
		Geometry: x.store.Geometry, Fast: true, MaxExtended: maxExtended, MaxUnknown: maxExtended,
	})
	err := r.run()
	r.releaseBuffers()
	return x.got, err
}

// messages returns what a peer sends: one message for each byte of script.
func messages(script []byte) (all []byte) {
	for i, c := range script {
		m := peerwire.Message{Kind: peerwire.Piece, Block: swarm.Block{Piece: i % 64, Begin: i % 64 * swarm.BlockLen, Length: swarm.BlockLen}}
		switch c % 16 {
		case 0:
			m = peerwire.Message{Kind: peerwire.Have, Piece: i % 64}
		case 1:
			m = peerwire.Message{Kind: peerwire.KeepAlive}
		case 2:
			m.Block.Length = 1 + int(c)*50
		case 3:
			m = peerwire.Message{Kind: peerwire.Extended, ExtID: 9, Data: bytes.Repeat(script, 3)}
		case 4:
			m.Block.Piece = 64 // there is none
		case 5:
			m = peerwire.Message{Kind: peerwire.Unknown, ExtID: 99, Data: script}
		}
		if m.Kind == peerwire.Piece {
			m.Data = bytes.Repeat([]byte{c, byte(i)}, swarm.BlockLen/2)[:m.Block.Length]
		}
		all = m.AppendTo(all)
	}
	return all
}

// sameMessages checks that what is read into a scatter is what is read into a buffer.
func sameMessages(t *testing.T, script, sizes []byte, requested int) (vectors int) {
	sent := messages(script)
	want, wantErr := readAll(&stream{rest: sent, sizes: sizes}, nil, requested)
	s := &stream{rest: sent, sizes: sizes}
	got, err := readAll(s, s, requested)
	require.Equal(t, wantErr, err)
	require.Equal(t, len(want), len(got))
	for i := range want {
		require.Equal(t, want[i].Kind, got[i].Kind)
		require.Equal(t, want[i].Block, got[i].Block)
		require.True(t, bytes.Equal(want[i].Data, got[i].Data), "message %d", i)
	}
	return s.vectors
}

// Blocks that follow one another are not copied, whatever the sizes of the reads.
func TestBlocksAreScattered(t *testing.T) {
	for _, test := range []struct {
		name          string
		sizes         []byte
		least, atMost int // calls that read into several slices
	}{
		{"as much as there is", nil, 13, 16},
		{"half a block", []byte{85}, 300, 450},
		{"a header at a time", []byte{1, 1, 170}, 300, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := sameMessages(t, bytes.Repeat([]byte{6, 7, 8, 9}, 50), test.sizes, 300)
			require.GreaterOrEqual(t, calls, test.least)
			require.LessOrEqual(t, calls, test.atMost)
		})
	}
}

// What comes between blocks is read as ever, and so are blocks that were not requested.
func TestOtherMessagesAmongBlocks(t *testing.T) {
	script := bytes.Repeat([]byte{6, 7, 8, 9, 10, 11, 12, 0, 6, 1, 2, 7, 3, 8, 8, 5}, 20)
	for _, requested := range []int{0, 20, 150, 1000} {
		sameMessages(t, script, []byte{0, 200, 3, 77, 169, 170}, requested)
	}
}

// A broken message ends the connection after the blocks that came before it.
func TestBrokenMessageAmongBlocks(t *testing.T) {
	sameMessages(t, append(bytes.Repeat([]byte{7}, 40), 4, 7, 7), nil, 300)
}

func FuzzScatter(f *testing.F) {
	f.Add(bytes.Repeat([]byte{6, 7, 8, 9, 0}, 9), []byte{0}, uint8(40))
	f.Add(bytes.Repeat([]byte{6, 7, 2, 9, 4}, 9), []byte{1, 200, 169}, uint8(200))
	f.Fuzz(func(t *testing.T, script, sizes []byte, requested uint8) {
		if len(script) > 60 {
			return
		}
		sameMessages(t, script, sizes, int(requested))
	})
}

// A socket of the system brings the bytes in order, and then its end.
func TestReadVecOfASocket(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	theirs, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer theirs.Close()
	ours, err := listener.Accept()
	require.NoError(t, err)
	defer ours.Close()
	sent := messages(bytes.Repeat([]byte{6, 7, 8, 9}, 20))
	go func() {
		theirs.Write(sent[:len(sent)-100])
		theirs.(*net.TCPConn).CloseWrite()
	}()
	vectors := newVectorReader(ours)
	if vectors == nil {
		return // this system reads into buffers
	}
	s := scatters.Get().(*scatter)
	s.filled = 0
	var got []byte
	for err == nil {
		_, err = s.read(vectors)
		whole := s.filled / blockMessage
		p := make([]byte, scatterBlocks*blockMessage)
		if whole == scatterBlocks || err != nil {
			got = append(got, p[:s.moveTo(p)]...)
		}
	}
	require.Equal(t, io.EOF, err)
	require.True(t, bytes.Equal(sent[:len(sent)-100], got))
}
