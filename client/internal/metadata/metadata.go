// Package metadata gets the metadata of a torrent of which only a link is known.
//
// In come the link, sources of peers and peers that the user names; out go a torrent that fits
// the link, and the peers and live connections with which it goes on, which the caller
// owns. Not here: what is saved, and what becomes of the torrent.
package metadata

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
	Metainfo metainfo.Options        // bounds the metadata

	// PeerID and UserAgent are what peers see. The torrent must have the same. Zero means
	// those of the client.
	PeerID    swarm.PeerID
	UserAgent string

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
// is done.
type Asker func(ctx context.Context, r Request) (info []byte, found Found, err error)

// Fetch asks peers and the web side by side, until one of them has the metadata. What peers
// gave is to be closed, also with an error. An *Error has the metadata as well, in raw.
func Fetch(ctx context.Context, r Request, ask Asker) (t *metainfo.Torrent, found Found, raw []byte, err error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	fromWeb := make(chan *metainfo.Torrent, 1)
	go func() {
		t := r.askWeb(asking)
		if t != nil {
			stop()
		}
		fromWeb <- t
	}()
	more := make(chan []netip.AddrPort)
	looking := make(chan struct{})
	go func() {
		defer close(looking)
		r.lookUp(asking, more)
	}()
	toPeers := r
	toPeers.Peers, toPeers.More = slices.Concat(r.Peers, PeersOf(r.Link)), more
	info, found, err := ask(asking, toPeers)
	stopped := err == nil
	if stopped {
		stop()
	}
	t = <-fromWeb // of a fetch that failed the web may still have it
	stop()
	<-looking
	switch {
	case t != nil:
		return t, found, nil, nil
	case err != nil:
		return nil, found, nil, err
	}
	t, err = Read(info, r.Link, r.Metainfo)
	return t, found, info, err
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
