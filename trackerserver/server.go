package trackerserver

import (
	"context"
	"crypto/cipher"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Server is a tracker: an http.Handler, and with ServeUDP one over UDP. It answers GET for
// paths that end in /announce and /scrape. HEAD for the same paths records nothing. All
// methods may be called concurrently.
type Server struct {
	config    Config // with defaults
	exchanges sync.Pool
	announces atomic.Uint64 // over HTTP
	scrapes   atomic.Uint64 // over HTTP
	refused   atomic.Uint64 // over HTTP
	key       cipher.Block  // of the connection IDs
	udp       udpCounter
}

// An exchange holds the buffers for one request and its answer. A pool reuses them.
type exchange struct {
	request Request
	reply   Reply
	ids     []swarm.ID
	counts  []Counts
	out     []byte
	compact [2][]byte // peers and peers6
	url     []byte    // URLData
}

// New makes a Server. It starts no goroutine, and there is nothing to close.
func New(c Config) *Server {
	s := &Server{config: c.withDefaults(), key: newConnectionKey()}
	if s.config.Handler == nil {
		s.config.Handler = NewMemory(c)
	}
	s.exchanges.New = func() any { return new(exchange) }
	return s
}

// Stats count the requests to a Server since it was made. Announces, Scrapes and Refused
// are those over HTTP and UDP together.
type Stats struct {
	Announces uint64 // including refused ones
	Scrapes   uint64 // including refused ones
	Refused   uint64 // announces and scrapes
	UDP       UDPStats
	Totals    // zero if the Handler has no method Totals like that of Memory
}

// Stats returns the current counts.
func (s *Server) Stats() Stats {
	udp := s.udp.stats()
	stats := Stats{
		Announces: s.announces.Load() + udp.Announces,
		Scrapes:   s.scrapes.Load() + udp.Scrapes,
		Refused:   s.refused.Load() + udp.Refused,
		UDP:       udp,
	}
	if h, ok := s.config.Handler.(interface{ Totals() Totals }); ok {
		stats.Totals = h.Totals()
	}
	return stats
}

// Headers of every answer. A proxy must not cache one, because it would then hide peers
// from the tracker.
var (
	plainText = []string{"text/plain"}
	noStore   = []string{"no-store"}
)

// ServeHTTP implements http.Handler. Refusals have status 200 too, because clients read
// the failure reason only from a success.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	announce := strings.HasSuffix(path, "/announce")
	if !announce && !strings.HasSuffix(path, "/scrape") {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodHead:
		h := w.Header()
		h["Content-Type"], h["Cache-Control"] = plainText, noStore
		return // somebody checks whether the tracker runs
	default:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the tracker accepts only GET", http.StatusMethodNotAllowed)
		return
	}
	x := s.exchanges.Get().(*exchange)
	defer s.exchanges.Put(x)
	var err error
	if announce {
		s.announces.Add(1)
		err = s.announce(x, r)
	} else {
		s.scrapes.Add(1)
		err = s.scrape(x, r)
	}
	if err != nil {
		s.refused.Add(1)
		x.out = appendRefusal(x.out[:0], err)
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = plainText, noStore
	if len(x.out) > 1024 {
		// Without it net/http would send a long answer in chunks, which old
		// clients cannot read.
		h["Content-Length"] = []string{strconv.Itoa(len(x.out))}
	}
	w.Write(x.out)
}

// announce writes the answer to an announce into x.
func (s *Server) announce(x *exchange, r *http.Request) error {
	q, err := parseAnnounce(r.URL.RawQuery)
	if err != nil {
		return err
	}
	addr := s.clientAddr(r)
	external := addr
	if s.config.TrustIP && q.ip.IsValid() {
		addr = q.ip
	}
	if !addr.IsValid() {
		return errNoAddress
	}
	want := q.want
	if want < 0 {
		want = s.config.Want
	}
	x.request = Request{
		Swarm:       q.swarm,
		Peer:        q.peer,
		Event:       q.event,
		PartialSeed: q.partialSeed,
		Addr:        netip.AddrPortFrom(addr, q.port),
		Uploaded:    q.uploaded,
		Downloaded:  q.downloaded,
		Left:        q.left,
		Want:        min(want, s.config.MaxWant),
		Path:        r.URL.EscapedPath(),
		Query:       r.URL.RawQuery,
	}
	x.reply = Reply{Interval: s.config.Interval, MinInterval: s.config.MinInterval, Peers: x.reply.Peers[:0]}
	if err := s.config.Handler.Announce(r.Context(), &x.request, &x.reply); err != nil {
		return err
	}
	x.appendAnnounce(&q, external)
	return nil
}

// scrape writes the answer to a scrape into x.
func (s *Server) scrape(x *exchange, r *http.Request) error {
	var err error
	if x.ids, err = parseScrape(x.ids[:0], r.URL.RawQuery, s.config.MaxScrape); err != nil {
		return err
	}
	x.counts = append(x.counts[:0], make([]Counts, len(x.ids))...)
	if err := s.config.Handler.Scrape(r.Context(), x.ids, x.counts); err != nil {
		return err
	}
	x.appendScrape()
	return nil
}

// clientAddr returns the address of the client; the zero Addr if it is unknown. Behind
// trusted proxies it is the last address in X-Forwarded-For that is not a proxy's,
// because the client can forge the addresses before it.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := from.Addr().Unmap().WithZone("")
	if !s.isProxy(addr) {
		return addr
	}
	headers := r.Header["X-Forwarded-For"]
	for i := len(headers) - 1; i >= 0; i-- {
		for rest := headers[i]; rest != ""; {
			comma := strings.LastIndexByte(rest, ',')
			a, ok := parseForwarded(strings.TrimSpace(rest[comma+1:]))
			if !ok {
				return addr
			}
			addr = a.Unmap().WithZone("")
			if !s.isProxy(addr) {
				return addr
			}
			rest = rest[:max(comma, 0)]
		}
	}
	return addr
}

// parseForwarded reads an address in X-Forwarded-For. Some proxies add the port.
func parseForwarded(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a, true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr(), err == nil
}

func (s *Server) isProxy(a netip.Addr) bool {
	for _, p := range s.config.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Serve answers requests on l until ctx is done and closes l. It has the limits of time
// and connections that a public server needs. If a client closes its connection before it
// has the answer, the Handler's context is canceled, up to a second later. Serve returns nil
// if ctx ended it. It may be called concurrently for several listeners.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:        s,
		ConnState:      connChanged, // instead of timeouts
		MaxHeaderBytes: maxQuery + 8<<10,
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		grace, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
	})
	err := server.Serve(&limitedListener{Listener: l, max: s.config.MaxConns})
	if !stop() {
		<-closed
	}
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}
