package magnet

import (
	"errors"
	"io"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
)

// maxServed is how often a piece of metadata is sent to one address.
const maxServed = 3

// Serve returns the extension ut_metadata of a torrent that has its metadata. It answers
// requests of peers with what r reads of the info dictionary, which has size bytes. Nothing of
// it is held in memory: a piece is read when its peer has taken what was sent before. r is
// called by goroutines of the connections, several at a time. Each piece is sent to an address
// three times in ten minutes, however often its peer comes back, and then rejected; so is a
// request that comes while 64 of the peer wait.
//
// A private torrent is served as well: only peers of its swarm are connected to it.
// https://www.bittorrent.org/beps/bep_0009.html
func Serve(size int, r io.ReaderAt) extension.Maker {
	return func(extension.Torrent) extension.Extension { return &server{size: size, reader: r} }
}

// A server is the extension of one torrent.
type server struct {
	size   int
	reader io.ReaderAt
	counts sentCounts
}

// A serving is the extension in one connection.
type serving struct {
	server *server
	conn   extension.Conn
	sent   map[int]uint8 // how often a piece was sent or is to be sent to its address
}

// Name returns the name of the extension.
func (s *server) Name() string { return peerwire.MetadataName }

// Hello adds the size of the metadata.
// https://www.bittorrent.org/beps/bep_0009.html#extension-header
func (s *server) Hello(h *peerwire.ExtendedHandshake) { h.MetadataSize = s.size }

// Open begins to serve a peer.
func (s *server) Open(now time.Time, c extension.Conn, _ *peerwire.ExtendedHandshake) extension.Session {
	return &serving{server: s, conn: c, sent: s.counts.of(now, c.Addr().Addr())}
}

// Hello does nothing: what the peer has does not matter.
func (c *serving) Hello(time.Time, *peerwire.ExtendedHandshake) {}

// Tick does nothing.
func (c *serving) Tick(time.Time) {}

// Close does nothing: requests that wait end with the connection.
func (c *serving) Close() {}

// Message takes in a request. Other messages are ignored, because answers to requests of the
// fetch may still come. What a peer may send in all is bounded by its allowance.
func (c *serving) Message(_ time.Time, body []byte) error {
	m, err := peerwire.ParseMetadata(body)
	if err != nil || m.Type != peerwire.MetadataRequest {
		return err
	}
	s := c.server
	exists := m.Piece <= (s.size-1)/peerwire.MetadataPieceLen // multiplied, it could overflow 32 bits
	length := min(s.size-m.Piece*peerwire.MetadataPieceLen, peerwire.MetadataPieceLen)
	maySend := exists && length > 0 && c.sent[m.Piece] < maxServed
	if !maySend || !c.conn.SendLater(func() []byte { return s.piece(m.Piece) }) {
		c.conn.Send(reject(m.Piece))
		return nil
	}
	c.sent[m.Piece]++
	c.conn.CountUpload(length)
	return nil
}

// reject returns the message that a piece is not sent.
// https://www.bittorrent.org/beps/bep_0009.html#reject
func reject(piece int) []byte {
	return peerwire.MetadataMessage{Type: peerwire.MetadataReject, Piece: piece}.AppendTo(nil)
}

// piece returns the message with a piece of metadata, or a reject if it cannot be read.
// https://www.bittorrent.org/beps/bep_0009.html#data
func (s *server) piece(piece int) []byte {
	begin := piece * peerwire.MetadataPieceLen
	data := make([]byte, min(s.size-begin, peerwire.MetadataPieceLen))
	n, err := s.reader.ReadAt(data, int64(begin))
	if n < len(data) || (err != nil && !errors.Is(err, io.EOF)) {
		return reject(piece)
	}
	return peerwire.MetadataMessage{
		Type:      peerwire.MetadataData,
		Piece:     piece,
		TotalSize: s.size,
		Data:      data,
	}.AppendTo(nil)
}
