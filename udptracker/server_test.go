package udptracker

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A server is a UDP tracker for tests, written from BEP 15 alone. The test may change how
// it behaves before the first packet.
type server struct {
	conn     net.PacketConn
	interval uint32
	message  string                       // refuses announces and scrapes with it; empty for not
	silent   func(action uint32) bool     // does not answer
	change   func(answer []byte) [][]byte // sends these instead of an answer

	mu     sync.Mutex
	ids    map[uint64]netip.AddrPort
	nextID uint64
	swarms map[swarm.ID]map[netip.AddrPort]bool // whether it is a seed
	log    []string                             // of what came, as "action" or "announce event"
	times  []time.Duration                      // when, from the start of the server
	last   []byte                               // packet
	start  time.Time
}

func newServer(t *testing.T, c net.PacketConn) *server {
	s := &server{
		conn:     c,
		interval: 1800,
		ids:      make(map[uint64]netip.AddrPort),
		swarms:   make(map[swarm.ID]map[netip.AddrPort]bool),
		nextID:   0x1122334455667788,
		start:    time.Now(),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve()
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
	})
	return s
}

func (s *server) serve() {
	b := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFrom(b)
		if err != nil {
			return
		}
		s.mu.Lock()
		answer := s.answer(b[:n], addrPort(from))
		change := s.change
		s.mu.Unlock()
		answers := [][]byte{answer}
		if answer == nil {
			answers = nil
		} else if change != nil {
			answers = change(answer)
		}
		for _, a := range answers {
			s.conn.WriteTo(a, from)
		}
	}
}

func (s *server) record(what string) {
	s.log = append(s.log, what)
	s.times = append(s.times, time.Since(s.start))
}

// take returns what came since its last call.
func (s *server) take() (log []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, s.log, s.times = s.log, nil, nil
	return log
}

// forget makes the server forget all connection ids.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.ids)
}

func (s *server) answer(b []byte, from netip.AddrPort) []byte {
	if len(b) < 16 {
		return nil
	}
	s.last = append([]byte(nil), b...)
	id, action, transaction := binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), b[12:16]
	answer := binary.BigEndian.AppendUint32(nil, action)
	answer = append(answer, transaction...)
	fail := func(text string) []byte {
		answer[3] = actionError
		return append(answer, text...)
	}
	isSilent := s.silent != nil && s.silent(action)
	switch {
	case action == actionConnect && id == protocolID:
		s.record("connect")
		s.nextID++
		s.ids[s.nextID] = from
		answer = binary.BigEndian.AppendUint64(answer, s.nextID)
	case s.ids[id] != from:
		s.record("unconnected")
		answer = fail("Connection ID expired")
	case action == actionAnnounce && len(b) >= announceLength:
		event := []string{"", " completed", " started", " stopped"}[binary.BigEndian.Uint32(b[80:])]
		s.record("announce" + event)
		if s.message != "" {
			answer = fail(s.message)
			break
		}
		answer = s.announce(answer, b, from, event)
	case action == actionScrape:
		s.record(fmt.Sprintf("scrape %d", (len(b)-16)/20))
		for b = b[16:]; len(b) >= 20; b = b[20:] {
			seeds, leechers := s.count(swarm.ID(b[:20]))
			answer = binary.BigEndian.AppendUint32(answer, seeds)
			answer = binary.BigEndian.AppendUint32(answer, 7)
			answer = binary.BigEndian.AppendUint32(answer, leechers)
		}
	default:
		return nil
	}
	if isSilent {
		return nil
	}
	return answer
}

func (s *server) count(id swarm.ID) (seeds, leechers uint32) {
	for _, seed := range s.swarms[id] {
		if seed {
			seeds++
		} else {
			leechers++
		}
	}
	return seeds, leechers
}

// announce registers a peer and appends the others of its family.
func (s *server) announce(answer, b []byte, from netip.AddrPort, event string) []byte {
	id := swarm.ID(b[16:36])
	me := netip.AddrPortFrom(from.Addr(), binary.BigEndian.Uint16(b[96:]))
	peers := s.swarms[id]
	if peers == nil {
		peers = make(map[netip.AddrPort]bool)
		s.swarms[id] = peers
	}
	peers[me] = binary.BigEndian.Uint64(b[64:]) == 0
	if event == " stopped" {
		delete(peers, me)
	}
	seeds, leechers := s.count(id)
	answer = binary.BigEndian.AppendUint32(answer, s.interval)
	answer = binary.BigEndian.AppendUint32(answer, leechers)
	answer = binary.BigEndian.AppendUint32(answer, seeds)
	for p := range peers {
		if p != me && p.Addr().Is4() == from.Addr().Is4() && binary.BigEndian.Uint32(b[92:]) > 0 {
			answer = append(answer, p.Addr().AsSlice()...)
			answer = binary.BigEndian.AppendUint16(answer, p.Port())
		}
	}
	return answer
}

// announcement returns an announcement of a peer of a swarm.
func announcement(event swarm.Event) swarm.Announcement {
	return swarm.Announcement{
		Swarm:      swarm.ID{1, 2, 3},
		Peer:       swarm.PeerID([]byte("-SL0010-abcdefghijkl")),
		Port:       6881,
		Event:      event,
		Want:       50,
		Uploaded:   3,
		Downloaded: 2,
		Left:       1,
	}
}

func ignore(swarm.Address) {}
