package client

import (
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/client/internal/listening"
	"github.com/shoal-bt/shoal/client/internal/peerid"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/lsd"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// Off is a value of Config.State and Config.Listen: nothing is remembered, or no
// connection is accepted.
const Off = listening.Off

// A Config tunes a Client. Its zero value is ready for use. It is read once, by
// New.
type Config struct {
	// Dir is the folder for the content. Empty means the current one.
	Dir string

	// State is the folder for what is remembered over restarts: the port, and of
	// each torrent its record and a copy of its .torrent file. Empty means "shoal"
	// in the user's configuration folder, or ".shoal" in Dir if that cannot be
	// made. Off means that nothing is remembered: the client does not know what
	// former runs made, and checks everything that it finds. Two clients with one
	// state folder must not have the same torrent in the same folder; on Linux
	// the second gets ErrInUse, on other systems the caller has to avoid it.
	State string

	// Save is the time from the write of a piece to the save of the record. Zero
	// means 5 s. A negative number means that records are saved only by Close, and
	// when a torrent becomes idle.
	Save time.Duration

	// Listen is the "host:port" at which connections are accepted. Empty
	// means all addresses, IPv4 and IPv6, and a free port, which is used again
	// after a restart if it is still free. Off means that none are accepted.
	// Listen is ignored if Engine.Listeners is set.
	Listen string

	// PeerIDPrefix begins the peer ID of this run. It has at most 20 bytes, and
	// random letters and digits follow it. Empty means "-SL0010-" (BEP 20).
	PeerIDPrefix string

	// UserAgent is what trackers, peers and web servers see. Empty means
	// "Shoal/0.1.0".
	UserAgent string

	// NoPEX turns peer exchange off: peers are not asked for the addresses of other peers,
	// nor do they get any. Private torrents have none in any case.
	NoPEX bool

	// DHT has public torrents announced to the Mainline DHT and found there, also magnet links
	// without trackers (BEP 5). The node is opened when the first of them needs it. It takes the
	// addresses and ports of Listen, over UDP, and is read-only if nothing is accepted there.
	// Its id and some nodes are saved in State. It goes around proxies: set the sockets of Node
	// if it must not.
	DHT bool

	// Node tunes the node of the DHT: its Routers, which are those of package dht if they are
	// nil and none if they are empty, its sockets, and its limits. Its OnEvent must not call the
	// client.
	Node dht.Config

	// LSD has public torrents announced on the local network and found there (BEP 14). If nothing
	// is accepted at Listen, they are only found. Local tunes it. If its From is empty, it is that
	// of Listen. Its OnPeer must not call the client.
	LSD   bool
	Local lsd.Config

	// Announce are announce URLs that all torrents but private ones use in
	// addition to their own. Each is a tier, so the first that answers is used.
	Announce []string

	// Tracker tunes announces. Its RefuseLocal refuses trackers on loopback
	// and private addresses.
	Tracker httptracker.Config

	// UDPTracker tunes announces to UDP trackers. RefuseLocal and From are those of
	// Tracker if they are not set. If Tracker has a Client or Dial, which may lead
	// through a proxy, UDP trackers are used only if UDPTracker has Listen, Conn4 or
	// Conn6, so that nothing goes around the proxy.
	UDPTracker udptracker.Config

	// TrackerErrors is the number of errors of a tracker in a row after which an
	// engine.Warning is emitted. Zero means 15, a negative number means never.
	TrackerErrors int

	// Disk tunes the files. The client sets Owned, Own, Disown, ModTime, Unwanted, PartFile and PartKey,
	// and Overwrite if AddOptions say so. If Warn is nil, warnings are events. With Suffix or
	// IncompleteDir, a file gets its own name at the save of the record after its last piece, and before
	// Completed. A relative IncompleteDir is below the current folder. If Handles is nil, at most 128 files are open.
	Disk diskstore.Options

	// Metainfo bounds .torrent files, and the metadata of links, for which a zero MaxBytes
	// means 64 MiB and a negative one 1 GiB.
	Metainfo metainfo.Options

	// HTTP fetches .torrent files from URLs. Nil means an HTTP client that uses
	// no proxy and gives up after a minute.
	// For addresses that a magnet link names, that one refuses those of this machine and of
	// its network.
	HTTP       *http.Client
	publicOnly bool // HTTP is our own

	// Engine tunes the engine. Its Torrent.Events is ignored, because the mask of each
	// Stream decides which events arrive.
	Engine engine.Config

	// NewStorage makes a torrent's storage. Nil means files. dir is an absolute
	// path: that of the AddOptions, or Dir. What the storage has is checked at each
	// Add. If it has a method "Remove() error", Client.Remove calls that after
	// Close to delete the content.
	NewStorage func(t *metainfo.Torrent, dir string) (swarm.Storage, error)

	// NewPicker makes a torrent's picker. It is called when there is something to
	// ask for, again after a pause, and must not block. Nil means piecepicker.New.
	NewPicker func(t *metainfo.Torrent) swarm.Picker

	// NewSources makes the sources of a torrent, in place of its trackers and those
	// of Announce. For a private torrent it must return only the torrent's own
	// trackers. Of a magnet link it is called first with the name, the hashes and the
	// trackers alone, and again only if the torrent proves to be private. Nil means its HTTP
	// and UDP trackers.
	NewSources func(t *metainfo.Torrent) ([]swarm.PeerSource, error)
}

// defaultUserAgent is the default of Config.UserAgent.
const defaultUserAgent = "Shoal/0.1.0"

// withDefaults returns c with every default filled in.
func (c Config) withDefaults() (Config, error) {
	if c.Dir == "" {
		c.Dir = "."
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("client: %w", err)
	}
	c.Dir = dir
	switch c.State {
	case Off:
		c.State = ""
	case "":
		c.State = statefolder.Default(c.Dir)
	}
	if c.Save == 0 {
		c.Save = 5 * time.Second
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent
	}
	if c.Tracker.UserAgent == "" {
		c.Tracker.UserAgent = c.UserAgent
	}
	c.UDPTracker.RefuseLocal = c.UDPTracker.RefuseLocal || c.Tracker.RefuseLocal
	if len(c.UDPTracker.From) == 0 {
		c.UDPTracker.From = c.Tracker.From
	}
	if c.Disk.Handles == nil {
		c.Disk.Handles = diskstore.NewHandles(0)
	}
	if c.HTTP == nil {
		c.HTTP, c.publicOnly = webfetch.NewHTTP(), true
	}
	t := &c.Engine.Torrent
	if t.UserAgent == "" {
		t.UserAgent = c.UserAgent
	}
	t.Events = events.OfEngine
	if t.PeerID == (swarm.PeerID{}) {
		if t.PeerID, err = peerid.New(c.PeerIDPrefix); err != nil {
			return c, fmt.Errorf("client: PeerIDPrefix: %w", err)
		}
	}
	return c, nil
}
