package attack

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	unaskedSize  = 16 << 20 // bytes of the content
	unaskedConns = 8        // that send one after the other
	unaskedMost  = 8 << 20  // bytes that each sends
)

// An unaskedBlocks attack sends blocks to get that it never asked for.
type unaskedBlocks struct {
	returns bool // the figure is how often the sender could come back; else the download that the tracker hears of
}

func (a unaskedBlocks) run(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	t, err := s.torrent(ctx, unaskedSize)
	if err != nil {
		return o, err
	}
	dir, err := os.MkdirTemp(s.Dir, "get-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := s.within(ctx)
	defer cancel()
	book, err := keepBook(s.honest(1))
	if err != nil {
		return o, err
	}
	defer book.Close()
	l, err := listen(s.honest(0))
	if err != nil {
		return o, err
	}
	defer l.Close()
	p, addr, err := s.get(ctx, t, dir, "--announce", book.url, "--peer", l.Addr().String())
	if err != nil {
		return o, err
	}
	defer p.kill()
	came := 0
	if attackers {
		came = s.sendUnasked(ctx, addr, t)
	}
	go serveAll(ctx, l, t)
	if _, err := p.await(ctx, "completed"); err != nil {
		return o, err
	}
	p.stop() // which tells the tracker
	o.figure = float64(book.downloaded()) / (1 << 20)
	if a.returns {
		o.figure = float64(max(0, came-1))
	}
	o.ended = came
	return o, nil
}

// sendUnasked sends blocks on one connection after the other, and returns how many
// connections the program took before it refused one.
func (s *Setting) sendUnasked(ctx context.Context, to netip.AddrPort, t torrent) (came int) {
	for range unaskedConns {
		p, err := connect(ctx, s.attacker(), to, t, newID("-XX0001-"))
		if err != nil {
			break
		}
		if p.sendUnasked() {
			came++
		}
		p.Close()
	}
	return came
}

// sendUnasked sends wrong blocks of the last piece, which is not asked for as long as this
// side says that it has nothing, until the program ends the connection. It reports whether
// the program took any.
func (p *peer) sendUnasked() bool {
	if p.Writer.Write(peerwire.Message{Kind: peerwire.HaveNone}) != nil {
		return false
	}
	// A connection that is refused after the handshake ends before it says anything.
	if _, err := p.messages.Next(); err != nil {
		return false
	}
	go p.drain()
	m := peerwire.Message{Kind: peerwire.Piece, Block: p.block(p.geometry.Pieces() - 1), Data: make([]byte, pieceLength)}
	for n := 0; n < unaskedMost; n += pieceLength {
		if p.Writer.Write(m) != nil {
			break
		}
	}
	return true
}

// A book is a tracker that knows no peers and remembers what peers report.
type book struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	most int64 // bytes that somebody said to have downloaded
}

// keepBook starts a book at an address.
func keepBook(at netip.Addr) (*book, error) {
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return nil, err
	}
	b := &book{url: "http://" + l.Addr().String() + "/announce"}
	b.server = &http.Server{Handler: http.HandlerFunc(b.note), ReadHeaderTimeout: 10 * time.Second}
	go b.server.Serve(l)
	return b, nil
}

// note answers an announce.
func (b *book) note(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.FormValue("downloaded"), 10, 64)
	if err == nil {
		b.mu.Lock()
		b.most = max(b.most, n)
		b.mu.Unlock()
	}
	io.WriteString(w, "d8:intervali1800e5:peers0:e")
}

// downloaded returns the most that somebody said to have downloaded, in bytes.
func (b *book) downloaded() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most
}

// Close ends the tracker.
func (b *book) Close() error { return b.server.Close() }
