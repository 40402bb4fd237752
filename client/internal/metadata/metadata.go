// Package metadata gets the metadata of a torrent of which only a link is known.
//
// In come the link, sources of peers and peers that the user names; out go a torrent that fits
// the link, and the peers, live connections and sources with which it goes on, which the
// caller owns. Not here: what is saved, and what becomes of the torrent.
package metadata

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Limits of what one link may cause.
const (
	maxNames = 20 // names of peers that are looked up
	maxURLs  = 20 // addresses of .torrent files that are asked
)

// A Request says what to get, and who is asked.
type Request struct {
	Link     *metainfo.Magnet
	Sources  []swarm.PeerSource
	Peers    []netip.AddrPort        // that the user names; those of the link come on top
	More     <-chan []netip.AddrPort // the same, while the fetch is under way
	Changes  <-chan struct{}         // has a token when SourcesNow has changed, which replaces Sources
	Stop     <-chan struct{}         // closed when the metadata came from elsewhere; nil for never
	Metainfo metainfo.Options        // bounds the metadata

	// SourcesNow returns all sources, and Early those that are asked at once, if there are Changes.
	SourcesNow, Early func() []swarm.PeerSource

	// PeerID and UserAgent are what peers see. The torrent must have the same. Zero means
	// those of the client.
	PeerID    swarm.PeerID
	UserAgent string

	Interested bool // the torrent will download as soon as the metadata is there

	Web      webfetch.Options // for the addresses that the link names
	Progress func(Stats)      // gets each change
	Warn     func(error)      // gets what the user should know

	// Event gets what becomes of peers, and Reply what sources say, as magnet.Options has it.
	Event func(engine.Event)
	Reply func(magnet.Reply)
}

// Stats are how far a fetch is.
type Stats struct {
	Peers  int   // that are connected
	Pieces int   // of the metadata, each of 16 KiB; 0 until a peer has said how long it is
	Held   int   // of these
	Length int64 // of the metadata in bytes; 0 until it is known
}

// An Asker gets an info dictionary that fits the link from peers. It waits for peers until ctx
// is done, or until Stop is closed: then it has what is known of peers and sources, without
// Info and without an error.
type Asker func(ctx context.Context, r Request) (*magnet.Result, error)

// Fetch asks peers and the web side by side, until one of them has the metadata. If the web has
// it, or if Stop is closed, found has no Info but all the rest; if Stop is closed, t is nil. With
// an *Error, found has the metadata. The caller closes found, which may be nil with an error.
func Fetch(ctx context.Context, r Request, ask Asker) (t *metainfo.Torrent, found *magnet.Result, err error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var tasks sync.WaitGroup
	fromWeb := make(chan *metainfo.Torrent, 1)
	more := make(chan []netip.AddrPort)
	go func() {
		t := r.askWeb(asking)
		if t != nil {
			stop()
		}
		fromWeb <- t
	}()
	tasks.Go(func() { r.lookUp(asking, more) })
	tasks.Go(func() {
		select {
		case <-r.Stop:
			stop()
		case <-asking.Done():
		}
	})
	toPeers := r
	toPeers.Peers, toPeers.More, toPeers.Stop = slices.Concat(r.Peers, PeersOf(r.Link)), more, asking.Done()
	found, err = ask(ctx, toPeers)
	if err == nil {
		stop()
	}
	t = <-fromWeb // of a fetch that failed the web may still have it
	stop()
	tasks.Wait()
	switch {
	case t != nil:
		return t, found, nil
	case err != nil || found.Info == nil:
		return nil, found, err
	}
	t, err = Read(found.Info, r.Link, r.Metainfo)
	return t, found, err
}

// lookUp hands on the peers that the user names meanwhile, and those whose names the link has,
// when their addresses are known.
func (r Request) lookUp(ctx context.Context, more chan<- []netip.AddrPort) {
	known := make(chan []netip.AddrPort)
	go func() {
		defer close(known)
		looked := 0
		for _, text := range r.Link.Peers {
			if _, err := netip.ParseAddrPort(text); err == nil || looked == maxNames {
				continue
			}
			looked++
			if found, err := peeraddr.LookUp(ctx, text); err == nil {
				select {
				case known <- found:
				case <-ctx.Done():
				}
			}
		}
	}()
	names := (<-chan []netip.AddrPort)(known)
	for {
		var peers []netip.AddrPort
		select {
		case p, ok := <-names:
			if !ok {
				names = nil
			}
			peers = p
		case peers = <-r.More:
		case <-ctx.Done():
			for range known { // until the lookups have ended
			}
			return
		}
		if len(peers) == 0 {
			continue
		}
		select {
		case more <- peers:
		case <-ctx.Done():
		}
	}
}

// NamesMore reports whether a link names hosts or addresses of .torrent files that another one does
// not name. They are looked up and asked when a fetch begins.
func NamesMore(link, other *metainfo.Magnet) bool {
	isNew := func(all []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(all, s) }
	}
	isHost := func(s string) bool {
		_, err := netip.ParseAddrPort(s)
		return err != nil && isNew(other.Peers)(s)
	}
	return slices.ContainsFunc(link.Peers, isHost) || slices.ContainsFunc(link.Sources, isNew(other.Sources)) ||
		slices.ContainsFunc(link.Acceptable, isNew(other.Acceptable))
}

// PeersOf returns the peers of a link that are named by their addresses.
func PeersOf(link *metainfo.Magnet) (all []netip.AddrPort) {
	for _, text := range link.Peers {
		p, err := netip.ParseAddrPort(text)
		if err == nil && peeraddr.Check(p) == nil {
			all = append(all, netip.AddrPortFrom(p.Addr().Unmap(), p.Port()))
		}
	}
	return all
}

// askWeb gets the .torrent file from the addresses of the link, one after the other: the exact
// sources (xs), then those to fall back on (as). It returns nil if none has it.
func (r Request) askWeb(ctx context.Context) *metainfo.Torrent {
	asked := 0
	for _, address := range slices.Concat(r.Link.Sources, r.Link.Acceptable) {
		lower := strings.ToLower(address)
		isWeb := strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
		if !isWeb || asked == maxURLs || ctx.Err() != nil {
			continue
		}
		asked++
		t, err := r.Web.Torrent(ctx, address)
		if err == nil && !Fits(t.Info, r.Link) {
			err = fmt.Errorf("%s: %w", httptracker.Redact(address), ErrOther)
		}
		if err == nil {
			return t
		}
		if ctx.Err() == nil {
			r.Warn(fmt.Errorf("the link names a .torrent file that cannot be used: %w", err))
		}
	}
	return nil
}
