package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/stretchr/testify/require"
)

// Numbers of package protocol that tests of the whole engine depend on.
const (
	idleDelay      = 30 * time.Second       // without use until the Storage is told
	chokeEvery     = 10 * time.Second       // between rounds of the Choker
	chokeDelay     = 100 * time.Millisecond // before a round that is wanted soon
	giveUpAfter    = time.Minute            // without a block until units go to others
	maxServing     = 2000                   // requests of a peer that may wait
	maxUnasked     = 64 << 10               // bytes that a peer may send unasked
	minSectionLen  = 16                     // blocks of a section, at least
	maxKnown       = 3000                   // addresses that are remembered
	maxUnsent      = 1 << 20                // bytes of messages that wait for a peer, of package conns
	stoppedTimeout = schedule.StoppedTimeout
)

// peerID is a peer's name, filled up with zeros.
func peerID(s string) (id swarm.PeerID) {
	copy(id[:], s)
	return id
}

// sample is a torrent with known bytes.
type sample struct {
	id       swarm.ID
	geometry swarm.Geometry
	content  []byte
}

func newSample(seed byte, length, pieceLength int64) *sample {
	s := &sample{id: swarm.ID{seed}, geometry: swarm.Geometry{Length: length, PieceLength: pieceLength}}
	s.content = make([]byte, length)
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	for i := 0; i+8 <= len(s.content); i += 8 {
		binary.LittleEndian.PutUint64(s.content[i:], r.Uint64())
	}
	return s
}

// verify checks pieces by their bytes. What cannot be read is wrong. The state of a
// part is whether all was right so far.
func (s *sample) verify(batch []Verdict) {
	buf := make([]byte, swarm.BlockLen)
	for i := range batch {
		v := &batch[i]
		v.OK = v.State == nil || v.State.(bool)
		if (v.State == nil) != (v.From == 0) {
			panic("the state is not that of the blocks before")
		}
		for k, b := range v.Blocks {
			at := s.geometry.Block(v.Piece, v.From+k)
			off := s.geometry.Offset(at)
			if b == nil {
				b = buf[:at.Length]
				if n, err := v.Stored.ReadAt(b, off); n < len(b) {
					v.OK, v.Err = false, err
					break
				}
			}
			if !bytes.Equal(b, s.content[off:off+int64(at.Length)]) {
				v.OK = false
			}
		}
		if v.From+len(v.Blocks) < s.geometry.BlockCount(v.Piece) {
			v.State, v.OK = v.OK, false
		}
	}
}

func (s *sample) all() swarm.Bitfield {
	b := swarm.NewBitfield(s.geometry.Pieces())
	b.SetAll(s.geometry.Pieces())
	return b
}

// filled returns a storage that holds the sample.
func (s *sample) filled() *swarm.Memory {
	m := swarm.NewMemory(s.geometry.Length)
	m.WriteAt(s.content, 0)
	return m
}

// samples counts the specs, so that each has a picker of its own mind.
var samples uint64

func (s *sample) spec(storage swarm.Storage, sources ...swarm.PeerSource) Spec {
	samples++
	seed := samples
	return Spec{
		Swarms: []swarm.ID{s.id}, Geometry: s.geometry, Verify: s.verify,
		Storage: storage, NewPicker: func() swarm.Picker { return pickertest.NewShuffled(s.geometry, seed) }, Sources: sources,
	}
}

// has checks that a storage holds the sample.
func (s *sample) has(t *testing.T, m swarm.Storage) {
	t.Helper()
	got := make([]byte, len(s.content))
	m.ReadAt(got, 0)
	require.True(t, bytes.Equal(s.content, got), "the stored bytes differ")
}

// rig is some engines on one network, in one bubble.
type rig struct {
	t       *testing.T
	network *simnet.Network
	engines []*Engine
	hosts   map[*Engine]*simnet.Host
	closed  map[*Engine]bool
}

// inBubble runs f on a fake clock. When it returns all engines are closed, every
// unit of memory must be back, and synctest fails a test whose goroutines live on.
func inBubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, network: simnet.New(), hosts: make(map[*Engine]*simnet.Host), closed: make(map[*Engine]bool)}
		defer func() {
			for _, e := range r.engines {
				if t.Failed() {
					e.Close()
				}
				r.close(e)
			}
		}()
		f(t, r)
	})
}

// engine makes an engine on a host of its own. It listens unless told otherwise.
func (r *rig) engine(addr string, l simnet.Link, c Config) *Engine {
	host := r.network.Host(addr, l)
	if c.Listeners == nil {
		listener, err := host.Listen(6881)
		require.NoError(r.t, err)
		c.Listeners = []net.Listener{listener}
	}
	if c.Dialer == nil {
		c.Dialer = host
	}
	if c.Torrent.Events == 0 {
		c.Torrent.Events = AllEvents
	}
	e, err := New(c)
	require.NoError(r.t, err)
	r.engines = append(r.engines, e)
	r.hosts[e] = host
	return e
}

// close closes an engine and looks for memory that did not come back.
func (r *rig) close(e *Engine) {
	r.t.Helper()
	if r.closed[e] {
		return
	}
	r.closed[e] = true
	torrents := e.Torrents()
	require.NoError(r.t, e.Close())
	for _, t := range torrents {
		require.Zero(r.t, t.quota.Held(), "the torrent's units after Close")
	}
	require.Zero(r.t, e.memory.Blocks.InUse(), "units after Close")
	require.Zero(r.t, e.sockets.Open(), "sockets after Close")
	require.Zero(r.t, e.memory.Uploads.InUse(), "upload memory after Close")
}

func (r *rig) add(e *Engine, s Spec) *Torrent {
	r.t.Helper()
	t, err := e.Add(s)
	require.NoError(r.t, err)
	return t
}

// seed adds a sample that is whole.
func (r *rig) seed(e *Engine, s *sample, sources ...swarm.PeerSource) *Torrent {
	spec := s.spec(s.filled(), sources...)
	spec.Have = s.all()
	return r.add(e, spec)
}

// wait waits for a torrent to be whole, in simulated time.
func (r *rig) wait(t *Torrent, most time.Duration) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), most)
	defer cancel()
	err := t.Wait(ctx)
	require.NoError(r.t, err, "%+v", t.Stats())
}

// at is the address of an engine as a source gives it.
func at(e *Engine) swarm.Address { return swarm.Address{AddrPort: e.Addrs()[0]} }

func list(all ...swarm.Address) swarm.List { return all }

// tracker is a source that tells everybody of everybody who announced before.
type tracker struct {
	mu    sync.Mutex
	hosts map[swarm.PeerID]netip.Addr // where a peer is
	known []swarm.Address
}

// meet tells the tracker where an engine is.
func (k *tracker) meet(e *Engine, addr string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hosts[e.PeerID()] = netip.MustParseAddr(addr)
}

func (k *tracker) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a.Event != swarm.Stopped {
		for _, p := range k.known {
			found(p)
		}
	}
	if a.Event == swarm.Started {
		k.known = append(k.known, swarm.Address{AddrPort: netip.AddrPortFrom(k.hosts[a.Peer], a.Port)})
	}
	return swarm.Answer{Next: 30 * time.Second, Min: 10 * time.Second, Seeds: -1, Leechers: -1}, ctx.Err()
}

// actor is a peer without an engine, which does what the test says.
type actor struct {
	t    *testing.T
	conn net.Conn
	dec  *peerwire.Decoder
	buf  []byte
	fast bool
}

// dialAs connects an actor to an engine and shakes hands.
func (r *rig) dialAs(name string, e *Engine, s *sample, bits ...handshake.Bit) *actor {
	r.t.Helper()
	var n byte
	for _, c := range []byte(name) {
		n = n*31 + c
	}
	return r.dialFrom(fmt.Sprintf("10.9.0.%d", n), name, e, s, bits...)
}

// dialFrom is dialAs from a given address.
func (r *rig) dialFrom(addr, name string, e *Engine, s *sample, bits ...handshake.Bit) *actor {
	r.t.Helper()
	host := r.network.Host(addr, simnet.Link{})
	c, err := host.DialContext(r.t.Context(), "tcp", e.Addrs()[0].String())
	require.NoError(r.t, err)
	h := handshake.Handshake{InfoHash: s.id, PeerID: peerID(name), Reserved: handshake.Bits(bits...)}
	theirs, err := handshake.Initiate(r.t.Context(), c, h, handshake.Options{})
	require.NoError(r.t, err)
	return newActor(r.t, c, s, h.Reserved.Has(handshake.Fast) && theirs.Reserved.Has(handshake.Fast))
}

func newActor(t *testing.T, c net.Conn, s *sample, fast bool) *actor {
	t.Cleanup(func() { c.Close() })
	return &actor{t: t, conn: c, fast: fast, dec: peerwire.NewDecoder(peerwire.Limits{Geometry: s.geometry, Fast: fast})}
}

// send writes messages in one go.
func (a *actor) send(all ...peerwire.Message) error {
	var p []byte
	for _, m := range all {
		p = m.AppendTo(p)
	}
	_, err := a.conn.Write(p)
	return err
}

// next reads a message; its bytes are the caller's.
func (a *actor) next() (peerwire.Message, error) {
	for {
		m, n, _, err := a.dec.Decode(a.buf)
		if err != nil || n > 0 {
			m.Data = bytes.Clone(m.Data)
			a.buf = a.buf[n:]
			return m, err
		}
		p := make([]byte, 64<<10)
		n, err = a.conn.Read(p)
		if err != nil {
			return m, err
		}
		a.buf = append(a.buf, p[:n]...)
	}
}

// expect reads until a message of a kind comes.
func (a *actor) expect(k peerwire.Kind) peerwire.Message {
	a.t.Helper()
	for {
		m, err := a.next()
		require.NoError(a.t, err, "waiting for %v", k)
		if m.Kind == k {
			return m
		}
	}
}

// ended waits for the other side to close the connection.
func (a *actor) ended(most time.Duration) bool {
	a.conn.SetReadDeadline(time.Now().Add(most))
	defer a.conn.SetReadDeadline(time.Time{})
	for {
		if _, err := a.next(); err != nil {
			nerr, ok := err.(net.Error)
			return !ok || !nerr.Timeout()
		}
	}
}

// acceptSilently takes connections, and says nothing after the handshake but that it is
// interested, and that it is there.
func (r *rig) acceptSilently(l net.Listener, name string, s *sample) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, err := handshake.Accept(r.t.Context(), c, func(handshake.Handshake) (handshake.Handshake, error) {
				return handshake.Handshake{InfoHash: s.id, PeerID: peerID(name)}, nil
			}, handshake.Options{})
			a := &actor{t: r.t, conn: c}
			for say := peerwire.Interested; err == nil; say = peerwire.KeepAlive {
				a.send(peerwire.Message{Kind: say})
				c.SetReadDeadline(time.Now().Add(time.Minute))
				_, err = io.Copy(io.Discard, c)
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					return
				}
				err = nil
			}
		}()
	}
}

// addrPort is an address and a port.
func addrPort(addr string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
}
