package magnet

import (
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxServed  = 3  // times that a piece of metadata is sent to one address
	maxWaiting = 64 // requests of one peer that wait to be read; some clients send as many at once
)

// Serve returns the extension ut_metadata of a torrent that has its metadata. It answers
// requests of peers with what r reads of the info dictionary, which has size bytes, so none
// of it is held in memory. r is called on a goroutine of its own, one call at a time for
// each torrent that was made with it, while requests wait. Each piece is sent to an address
// three times in ten minutes, however often its peer comes back, and then rejected.
//
// A private torrent is served as well: only peers of its swarm are connected to it. There is no
// such extension if the program that runs the State has no Torrent.Say.
// https://www.bittorrent.org/beps/bep_0009.html
func Serve(size int, r io.ReaderAt) extension.Maker {
	return func(t extension.Torrent) extension.Extension {
		if t.Say == nil {
			return nil
		}
		return &server{size: size, reader: r, say: t.Say}
	}
}

// A server is the extension of one torrent.
type server struct {
	size   int
	reader io.ReaderAt
	say    func(swarm.Peer, []byte)
	counts sentCounts

	mu      sync.Mutex
	waiting []*serving // those that have requests, the next one first
	reads   bool       // a goroutine reads
}

// A serving is the extension in one connection.
type serving struct {
	server *server
	conn   extension.Conn
	peer   swarm.Peer
	sent   map[int]uint8 // how often a piece was sent or is to be sent to its address

	// The server's lock guards these.
	requests []int // pieces
	closed   bool
}

// Name returns the name of the extension.
func (s *server) Name() string { return peerwire.MetadataName }

// Hello adds the size of the metadata.
// https://www.bittorrent.org/beps/bep_0009.html#extension-header
func (s *server) Hello(h *peerwire.ExtendedHandshake) { h.MetadataSize = s.size }

// Open begins to serve a peer.
func (s *server) Open(now time.Time, c extension.Conn, _ *peerwire.ExtendedHandshake) extension.Session {
	return &serving{server: s, conn: c, peer: c.Peer(), sent: s.counts.of(now, c.Addr().Addr())}
}

// Hello does nothing: what the peer has does not matter.
func (c *serving) Hello(time.Time, *peerwire.ExtendedHandshake) {}

// Tick does nothing.
func (c *serving) Tick(time.Time) {}

// Close drops the requests that wait.
func (c *serving) Close() {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	c.closed, c.requests = true, nil
	s.waiting = slices.DeleteFunc(s.waiting, func(o *serving) bool { return o == c })
}

// Message takes in a request. Other messages are ignored, because answers to requests of the
// fetch may still come. What a peer may send in all is bounded by its allowance.
func (c *serving) Message(_ time.Time, body []byte) error {
	m, err := peerwire.ParseMetadata(body)
	if err != nil || m.Type != peerwire.MetadataRequest {
		return err
	}
	exists := m.Piece <= (c.server.size-1)/peerwire.MetadataPieceLen // multiplied, it could overflow 32 bits
	length := min(c.server.size-m.Piece*peerwire.MetadataPieceLen, peerwire.MetadataPieceLen)
	if !exists || length <= 0 || c.sent[m.Piece] >= maxServed || !c.server.enqueue(c, m.Piece) {
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

// enqueue has a piece read and sent. It reports false if too many requests of the peer wait.
func (s *server) enqueue(c *serving, piece int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.requests) >= maxWaiting {
		return false
	}
	if len(c.requests) == 0 {
		s.waiting = append(s.waiting, c)
	}
	c.requests = append(c.requests, piece)
	if !s.reads {
		s.reads = true
		go s.read()
	}
	return true
}

// read answers requests until none waits. Peers take turns.
func (s *server) read() {
	for {
		c, piece, ok := s.next()
		if !ok {
			return
		}
		body := s.piece(piece)
		if s.isOpen(c) {
			s.say(c.peer, body)
		}
	}
}

// next takes out the request whose turn it is. It reports false, and the goroutine that
// reads must end, if there is none.
func (s *server) next() (c *serving, piece int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.reads = false
		return nil, 0, false
	}
	c = s.waiting[0]
	s.waiting = s.waiting[1:]
	piece = c.requests[0]
	c.requests = c.requests[1:]
	if len(c.requests) > 0 {
		s.waiting = append(s.waiting, c)
	}
	return c, piece, true
}

func (s *server) isOpen(c *serving) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !c.closed
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
