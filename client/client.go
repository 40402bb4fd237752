package client

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/client/internal/dhtnode"
	"github.com/shoal-bt/shoal/client/internal/feeds"
	"github.com/shoal-bt/shoal/client/internal/listening"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/lsd"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Client downloads and seeds torrents. Its methods may be called from many
// goroutines at once.
type Client struct {
	config      Config
	engine      *engine.Engine
	locks       *resume.Locks      // nil if nothing is remembered
	askPeers    metadata.Asker     // for metadata
	opener      *trackers.Opener   // of trackers
	dht         *dhtnode.Source    // of all public torrents; nil if it is off
	lsd         *lsd.Source        // the same
	feeds       *feeds.Set         // the keys of links
	resolving   atomic.Int32       // keys that are looked up, which keep the node of the DHT open
	trackers    trackers.Config    // of all torrents but those with a UserAgent of their own
	idleSlots   chan struct{}      // holds a token for each torrent that becomes idle
	closeCtx    context.Context    // ends when Close begins
	cancelCalls context.CancelFunc // ends closeCtx
	done        chan struct{}      // closed when Close returns
	closeErr    error              // of Close; read after done

	mu       sync.Mutex                // guards what follows; not held during I/O
	torrents map[swarm.ID]*Torrent     // by each of their swarms; nil while being added
	adding   map[swarm.ID]*claim       // by the torrents' IDs, while they are added
	order    []*Torrent                // in which they were added
	folders  map[string]*resume.Folder // of records, by the content's folder
	calls    sync.WaitGroup            // that Close waits for; grows only while not closed
	closed   bool
}

// New makes a client that listens and waits for torrents. Close ends it, and closes
// the listeners, including those of Config.Engine.
func New(config Config) (*Client, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	ours := len(cfg.Engine.Listeners) == 0
	if ours {
		if cfg.Engine.Listeners, err = listening.Open(cfg.Listen, cfg.State); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	opener := trackers.NewOpener(cfg.Tracker, cfg.UDPTracker)
	c := &Client{
		config:    cfg,
		locks:     statefolder.NewLocks(cfg.State),
		opener:    opener,
		idleSlots: make(chan struct{}, maxBecomingIdle),
		done:      make(chan struct{}),
		torrents:  make(map[swarm.ID]*Torrent),
		adding:    make(map[swarm.ID]*claim),
		folders:   make(map[string]*resume.Folder),
	}
	c.trackers = trackers.Config{
		Open:      opener.Func(cfg.Tracker),
		Extra:     cfg.Announce,
		Threshold: cfg.TrackerErrors,
		Warn:      c.warn,
	}
	cfg.Engine.Torrent.Extensions = slices.Concat(c.extensions(), cfg.Engine.Torrent.Extensions)
	c.dht = c.newDHT()
	c.feeds = c.newFeeds()
	if c.dht != nil {
		cfg.Engine.OnDHTNode = c.addDHTNode
	}
	e, err := engine.New(cfg.Engine)
	if err != nil {
		if ours {
			listening.Close(cfg.Engine.Listeners)
		}
		return nil, fmt.Errorf("client: %w", err)
	}
	c.engine = e
	c.lsd = c.newLSD()
	c.askPeers = metadata.Peers{
		Connector: e.Connector(),
		PeerID:    cfg.Engine.Torrent.PeerID,
		Port:      c.Addr().Port(),
		UserAgent: cfg.UserAgent,
		NoPEX:     cfg.NoPEX,
		DHTPort:   e.DHTPort,
		OnDHTNode: cfg.Engine.OnDHTNode,
		Logger:    cfg.Engine.Logger,
	}.Ask
	c.closeCtx, c.cancelCalls = context.WithCancel(context.Background())
	return c, nil
}

// Torrent returns the torrent of a swarm, or an error that matches ErrUnknown.
func (c *Client) Torrent(id swarm.ID) (*Torrent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.torrents[id]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("client: %s: %w", id, ErrUnknown)
}

// Torrents returns all torrents in the order in which they were added. The slice
// is the caller's.
func (c *Client) Torrents() []*Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.order)
}

// Addr returns the first address at which connections are accepted, or the zero
// AddrPort if none are. An unspecified address stands for all of this machine's.
func (c *Client) Addr() netip.AddrPort {
	if all := c.engine.Addrs(); len(all) > 0 {
		return all[0]
	}
	return netip.AddrPort{}
}

// Addrs returns every address at which connections are accepted. The slice is the
// caller's.
func (c *Client) Addrs() []netip.AddrPort { return c.engine.Addrs() }

// PeerID returns the peer ID of the client. A torrent may have its own.
func (c *Client) PeerID() swarm.PeerID { return c.config.Engine.Torrent.PeerID }
