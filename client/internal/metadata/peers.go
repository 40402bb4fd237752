package metadata

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Peers says how a client meets peers.
type Peers struct {
	Connector *connect.Connector
	PeerID    swarm.PeerID
	Port      uint16 // where it accepts connections; 0 for nowhere
	UserAgent string
	NoPEX     bool                 // peers are not asked for addresses of other peers
	DHTPort   func() uint16        // as in magnet.Options
	OnDHTNode func(netip.AddrPort) // as in magnet.Options
	Reqq      int                  // open requests that it accepts of a peer; 0 is not said
	Logger    *slog.Logger
}

// Ask is an Asker.
func (p Peers) Ask(ctx context.Context, r Request) (*magnet.Result, error) {
	fetcher, err := magnet.New(magnet.Options{
		HashV1:     r.Link.HashV1,
		HashV2:     r.Link.HashV2,
		Connector:  p.Connector,
		PeerID:     cmp.Or(r.PeerID, p.PeerID),
		Port:       p.Port,
		UserAgent:  cmp.Or(r.UserAgent, p.UserAgent),
		Reqq:       p.Reqq,
		Interested: r.Interested,
		NoPEX:      p.NoPEX,
		DHTPort:    p.DHTPort,
		OnDHTNode:  p.OnDHTNode,
		MaxSize:    maxSize(r.Metainfo),
		Peers:      peeraddr.Addresses(r.Peers),
		Sources:    r.Sources,
		OnProgress: func(s magnet.Progress) {
			r.Progress(Stats{Peers: s.Peers, Pieces: s.Total, Held: s.Pieces, Length: int64(s.Size)})
		},
		OnEvent: r.Event,
		OnReply: r.Reply,
		Logger:  p.Logger,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case more := <-r.More:
				fetcher.AddPeers(peeraddr.Addresses(more)...)
			case <-r.Changes:
				fetcher.SetSources(r.SourcesNow()...)
				fetcher.Announce(r.Early)
			case <-r.Stop:
				fetcher.Stop()
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	result, err := fetcher.Run(ctx)
	cancel()
	<-done
	return result, err
}

// maxSize returns the longest metadata that is fetched, in bytes, as magnet.Options has it.
func maxSize(o metainfo.Options) int { return int(min(max(o.MaxBytes, -1), 1<<30)) }
