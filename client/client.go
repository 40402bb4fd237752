package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Client downloads and seeds torrents. Its methods may be called from many
// goroutines at once.
type Client struct {
	config Config
	engine *engine.Engine
	locks  *resume.Locks // nil if nothing is remembered

	newTracker func(url string) (swarm.PeerSource, error) // makes one

	mu          sync.Mutex
	torrents    map[swarm.ID]*Torrent     // by each of their swarms; nil while being added
	adding      map[swarm.ID]*Torrent     // by the first of their swarms, while being added
	folders     map[string]*resume.Folder // of records, by the content's folder
	order       []*Torrent
	calls       sync.WaitGroup // of Add, Seed and Remove under way; grows under mu while not closed
	closed      bool
	done        chan struct{}   // Close is through
	idleSlots   chan struct{}   // holds a token for each torrent that is being put to rest
	closeCtx    context.Context // ends when Close begins
	cancelCalls context.CancelFunc
	closeErr    error // of Close
}

// New makes a client that listens and waits for torrents. Close ends it.
func New(config Config) (*Client, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	ours := len(cfg.Engine.Listeners) == 0
	if ours {
		if cfg.Engine.Listeners, err = openListeners(cfg.Listen, cfg.State); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	e, err := engine.New(cfg.Engine)
	if err != nil {
		if ours {
			for _, l := range cfg.Engine.Listeners {
				l.Close()
			}
		}
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &Client{config: cfg, engine: e, locks: newLocks(cfg.State), newTracker: newTrackerFunc(cfg.Tracker), torrents: make(map[swarm.ID]*Torrent),
		adding: make(map[swarm.ID]*Torrent), folders: make(map[string]*resume.Folder), done: make(chan struct{}), idleSlots: make(chan struct{}, maxBecomingIdle)}
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

// Addr returns where connections are accepted, or the zero AddrPort for nowhere.
// An unspecified address stands for all of this machine's.
func (c *Client) Addr() netip.AddrPort {
	if all := c.engine.Addrs(); len(all) > 0 {
		return all[0]
	}
	return netip.AddrPort{}
}

// Addrs returns every address at which connections are accepted.
func (c *Client) Addrs() []netip.AddrPort { return c.engine.Addrs() }

// PeerID returns what the client calls itself.
func (c *Client) PeerID() swarm.PeerID { return c.config.Engine.Torrent.PeerID }

// reserveSwarms keeps the swarms of a torrent for a call of Add, which ends with enlist
// or forget.
func (c *Client) reserveSwarms(t *Torrent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	for _, id := range t.ids {
		if _, taken := c.torrents[id]; taken {
			return fmt.Errorf("%s: %w", id, ErrDuplicate)
		}
	}
	for _, id := range t.ids {
		c.torrents[id] = nil
	}
	c.adding[t.ids[0]] = t
	return nil
}

func (c *Client) listTorrent(t *Torrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range t.ids {
		c.torrents[id] = t
	}
	delete(c.adding, t.ids[0])
	c.order = append(c.order, t)
}

// removeTorrent takes a torrent out that was shut, or came to nothing.
func (c *Client) removeTorrent(t *Torrent) {
	t.unlockFiles()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range t.ids {
		delete(c.torrents, id)
	}
	delete(c.adding, t.ids[0])
	c.order = slices.DeleteFunc(c.order, func(o *Torrent) bool { return o == t })
}

// infoOf returns the metadata of a torrent, also of one that is being added; nil if
// it is at rest.
func (c *Client) infoOf(id swarm.ID) *metainfo.Info {
	c.mu.Lock()
	t := c.torrents[id]
	if t == nil {
		t = c.adding[id]
	}
	c.mu.Unlock()
	if t == nil {
		return nil
	}
	if m := t.cache.inMemory(); m != nil {
		return m.Info
	}
	return nil
}

// Close tells the trackers that we stopped, ends all connections, writes what is
// here of partial pieces, and saves a clean record of each torrent, so that the
// next client goes on without a check. Calls of Add and Seed that are under way
// fail. Close waits until every goroutine of the client has ended. Its error joins
// those of the torrents.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		<-c.done
		return c.closeErr
	}
	c.closed = true
	c.mu.Unlock()
	c.cancelCalls()
	c.calls.Wait()
	all := c.Torrents()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, t := range all {
		wg.Go(func() {
			if err := t.close(ErrClosed); err != nil {
				errs[i] = fmt.Errorf("client: closing %q: %w", t.Name(), err)
			}
		})
	}
	wg.Wait()
	c.closeErr = errors.Join(append(errs, c.engine.Close())...)
	if c.locks != nil {
		c.closeErr = errors.Join(c.closeErr, c.locks.Close())
	}
	close(c.done)
	return c.closeErr
}
