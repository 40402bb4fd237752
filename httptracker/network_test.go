package httptracker

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// A network is an http.Client whose connections are pipes to handlers, by host.
// It works in a bubble of testing/synctest.
type network struct {
	t       *testing.T
	mu      sync.Mutex
	hosts   map[string]*pipeListener
	refused map[string]bool
	client  *http.Client
}

func newNetwork(t *testing.T) *network {
	n := &network{t: t, hosts: make(map[string]*pipeListener), refused: make(map[string]bool)}
	transport := &http.Transport{DialContext: n.dial}
	n.client = &http.Client{Transport: transport}
	t.Cleanup(transport.CloseIdleConnections)
	return n
}

// serve makes host answer with h.
func (n *network) serve(host string, h http.HandlerFunc) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listen(host, l)
	server := &http.Server{Handler: h}
	go server.Serve(l)
	n.t.Cleanup(func() { server.Close() })
}

// silent makes host accept connections and send nothing.
func (n *network) silent(host string) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listen(host, l)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	n.t.Cleanup(func() { l.Close() })
}

// unreachable makes connections to host neither succeed nor fail.
func (n *network) unreachable(host string) {
	n.listen(host, &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})})
}

func (n *network) listen(host string, l *pipeListener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[host] = l
}

// refuse makes connections to host fail, or succeed again.
func (n *network) refuse(host string, refused bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refused[host] = refused
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	l, refused := n.hosts[host], n.refused[host]
	n.mu.Unlock()
	if l == nil || refused {
		return nil, fmt.Errorf("dial %s: connection refused", host)
	}
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A pipeListener accepts the far ends of pipes.
type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// reply returns a handler that always answers with body.
func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) }
}

// announcement returns the announcement of a leecher.
func announcement(event swarm.Event) swarm.Announcement {
	return swarm.Announcement{
		Swarm: swarm.ID([]byte("\x124Vx\x9a\xbc\xde\xf1#Eg\x89\xab\xcd\xef\x124Vx\x9a")),
		Peer:  swarm.PeerID([]byte("-SH0001-abc ~._+&=%0")),
		Port:  6881, Event: event, Want: 50, Uploaded: 1, Downloaded: 2, Left: 3,
	}
}

// ignore is a function found that ignores addresses.
func ignore(swarm.Address) {}

// twoPeers is a typical answer with the peers 96.126.104.219:6889 and
// 192.0.2.1:80.
const twoPeers = "d8:completei5e10:incompletei7e8:intervali1800e12:min intervali300e5:peers12:\x60\x7e\x68\xdb\x1a\xe9\xc0\x00\x02\x01\x00\x50e"
