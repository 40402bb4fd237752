package fetching

import (
	"context"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config says what is fetched. Host, Link and Trackers must be set.
type Config struct {
	Host Host
	Link *metainfo.Magnet // has an info hash; must not change from then on
	Dir  string           // for the content, absolute

	// Records returns the folder for the records of the torrents in a folder. Nil means that
	// nothing is remembered.
	Records func(dir string) (*resume.Folder, error)

	// Trackers have none yet. Announce are their tiers, in place of those of the link unless they
	// are nil. NewSources makes the sources in their place; nil means it does not.
	Trackers   *trackers.Set
	Announce   [][]string
	NewSources func(*metainfo.Torrent) ([]swarm.PeerSource, error)

	// Peers and Sources are the user's, and Paused says that no job is to start.
	Peers   []netip.AddrPort
	Sources []swarm.PeerSource
	Paused  bool

	Metainfo   metainfo.Options // bounds the metadata
	Interested bool             // the torrent will download as soon as the metadata is there
	Web        webfetch.Options // for the addresses that the link names

	// PeerID and UserAgent are what peers see. Zero means those of the client.
	PeerID    swarm.PeerID
	UserAgent string
}

// A Host is the client that has the torrent. Its methods may be called concurrently.
type Host interface {
	// BeginCall counts a goroutine for which the closing of the client waits, until EndCall. It
	// fails if the client is closed. CallContext returns a context that ends with the client.
	BeginCall() error
	EndCall()
	CallContext(ctx context.Context) (context.Context, context.CancelFunc)

	// LockFiles locks the torrent's record and files against other clients, until UnlockFiles.
	LockFiles() error
	UnlockFiles()

	// SharedSources returns those that all public torrents share, and SuggestNodes names nodes of
	// the DHT.
	SharedSources() []swarm.PeerSource
	SuggestNodes(names []string)

	// Ask is a metadata.Asker.
	Ask(ctx context.Context, r metadata.Request) (*magnet.Result, error)

	// Start makes the torrent a running one. The error is ErrHandedOver if somebody else does.
	Start(ctx context.Context, meta *metainfo.Torrent, from Found) error

	// Report emits an event, and Warn a warning. Neither blocks.
	Report(e engine.Event)
	Warn(err error)

	// Ended is called after each job, and Removed when Remove has closed the torrent.
	Ended()
	Removed()
}

// Found is what a job hands to its Host.
type Found struct {
	Link     *metainfo.Magnet // with the trackers that the torrent has
	Result   *magnet.Result   // stays the job's
	HandOver <-chan struct{}  // is closed when somebody else wants the fetch
}

// Running is what a torrent has become. What users do to a Torrent then goes there.
type Running interface {
	Ready(ctx context.Context) error
	Pause() error
	Resume() error
	Recheck(ctx context.Context) error
	AddPeers(peers ...netip.AddrPort) error
	Ban(addr netip.Addr)
	AddSource(s swarm.PeerSource) error
	RemoveSource(s swarm.PeerSource)
	Announce()
	SetTrackers(tiers [][]string) error
	AddLink(link *metainfo.Magnet, peers []netip.AddrPort) error
}
