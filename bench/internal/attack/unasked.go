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
	tracker, err := startRecorder(s.honest(1))
	if err != nil {
		return o, err
	}
	defer tracker.Close()
	l, err := listen(s.honest(0))
	if err != nil {
		return o, err
	}
	defer l.Close()
	p, addr, err := s.get(ctx, t, dir, "--announce", tracker.url, "--peer", l.Addr().String())
	if err != nil {
		return o, err
	}
	defer p.kill()
	taken := 0
	if attackers {
		taken = s.sendUnasked(ctx, addr, t)
	}
	go serveAll(ctx, l, t)
	if _, err := p.await(ctx, "completed"); err != nil {
		return o, err
	}
	p.stop() // which tells the tracker
	o.figure = float64(tracker.downloaded()) / (1 << 20)
	if a.returns {
		o.figure = float64(max(0, taken-1))
	}
	o.ended = taken
	return o, nil
}

// sendUnasked sends blocks on one connection after the other, and returns how many
// connections the program took before it refused one.
func (s *Setting) sendUnasked(ctx context.Context, to netip.AddrPort, t torrent) (taken int) {
	for range unaskedConns {
		p, err := connect(ctx, s.attacker(), to, t, newID("-XX0001-"))
		if err != nil {
			break
		}
		if p.sendUnasked() {
			taken++
		}
		p.Close()
	}
	return taken
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
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.drain()
	}()
	m := peerwire.Message{Kind: peerwire.Piece, Block: p.block(p.geometry.Pieces() - 1), Data: make([]byte, pieceLength)}
	for n := 0; n < unaskedMost; n += pieceLength {
		if p.Writer.Write(m) != nil {
			break
		}
	}
	<-ended
	return true
}

// A recorder is a tracker that knows no peers and remembers what peers report.
type recorder struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	most int64 // bytes that somebody said to have downloaded
}

// startRecorder starts a recorder at an address.
func startRecorder(at netip.Addr) (*recorder, error) {
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return nil, err
	}
	b := &recorder{url: "http://" + l.Addr().String() + "/announce"}
	b.server = &http.Server{Handler: http.HandlerFunc(b.record), ReadHeaderTimeout: 10 * time.Second}
	go b.server.Serve(l)
	return b, nil
}

// record answers an announce.
func (b *recorder) record(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.FormValue("downloaded"), 10, 64)
	if err == nil {
		b.mu.Lock()
		b.most = max(b.most, n)
		b.mu.Unlock()
	}
	io.WriteString(w, "d8:intervali1800e5:peers0:e")
}

// downloaded returns the most that somebody said to have downloaded, in bytes.
func (b *recorder) downloaded() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most
}

// Close ends the tracker.
func (b *recorder) Close() error { return b.server.Close() }
