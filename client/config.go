package client

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Off is for Config.State and Config.Listen: nothing is remembered, and no
// connection is accepted.
const Off = "off"

// A Config tunes a Client. Its zero value is ready for use. It is read once, by
// New.
type Config struct {
	// Dir is the folder for the content. Empty means the current one.
	Dir string

	// State is the folder for what is remembered over restarts: a record of
	// each torrent, the port, and, as long as the torrent is there, what else a
	// whole one needs, such as its .torrent file. Empty means "shoal" in the user's folder
	// for configuration, or ".shoal" in Dir if that cannot be made. Off means that
	// nothing is remembered; then nothing is known of what former runs made,
	// and what is found is checked whole. Two clients with one state folder
	// cannot have the same torrent in the same folder at a time; Linux sees
	// to it, elsewhere it is up to the caller.
	State string

	// Save is how long a piece may be written without being recorded. Zero
	// means 5 s, a negative number that records are saved by Close only,
	// and when a torrent is whole and nobody downloads it.
	Save time.Duration

	// Listen is the "host:port" at which connections are accepted. Empty
	// means all addresses, IPv4 and IPv6, and a free port, which is kept over
	// restarts as long as it is free. Off means none. It is not used if
	// Engine.Listeners is set.
	Listen string

	// PeerIDPrefix begins our name for this run, of at most 20 bytes; the
	// rest is random. Empty means "-SL0010-" (BEP 20).
	PeerIDPrefix string

	// UserAgent is what trackers, peers and web servers see. Empty means
	// "Shoal/0.1.0".
	UserAgent string

	// Announce are announce URLs that all torrents use besides their own, but
	// private ones. They are tiers of one each: the first that answers is
	// used.
	Announce []string

	// Tracker tunes announces. Its RefuseLocal refuses trackers on loopback
	// and private addresses.
	Tracker httptracker.Config

	// TrackerErrors is the number of errors of a tracker in a row after which
	// there is an engine.Warning. Zero means 15, a negative number never.
	TrackerErrors int

	// Disk tunes the files. Owned and Own are the client's, and Overwrite is
	// that of AddOptions. If Handles is nil, 128 files are open at most.
	Disk diskstore.Options

	// Metainfo bounds .torrent files.
	Metainfo metainfo.Options

	// HTTP fetches .torrent files from URLs. Nil means a client of our own
	// without a proxy, and with limits on time.
	HTTP *http.Client

	// Engine tunes the engine. Its Torrent.Events are the events that can be
	// had at all; zero means all but OnStats and OnHeld. Added, Piece, Completed
	// and Removed are always among them.
	Engine engine.Config

	// NewStorage makes the place for a torrent's content, in place of files.
	// dir is that of the AddOptions. What it holds is checked at each Add; a
	// method "Remove() error" lets it delete that, after Close.
	NewStorage func(t *metainfo.Torrent, dir string) (swarm.Storage, error)

	// NewPicker makes a torrent's picker. It is called when there is something to
	// ask for, again after a pause, and must not block. Nil means piecepicker.New.
	NewPicker func(t *metainfo.Torrent) swarm.Picker

	// NewSources makes what finds peers of a torrent, in place of its
	// trackers and those of Announce. It has to keep to private torrents.
	NewSources func(t *metainfo.Torrent) ([]swarm.PeerSource, error)
}

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
		c.State = defaultState(c.Dir)
	}
	if c.Save == 0 {
		c.Save = 5 * time.Second
	}
	if c.UserAgent == "" {
		c.UserAgent = "Shoal/0.1.0"
	}
	if c.Tracker.UserAgent == "" {
		c.Tracker.UserAgent = c.UserAgent
	}
	if c.Disk.Handles == nil {
		c.Disk.Handles = diskstore.NewHandles(0)
	}
	if c.HTTP == nil {
		c.HTTP = newHTTP()
	}
	t := &c.Engine.Torrent
	if t.UserAgent == "" {
		t.UserAgent = c.UserAgent
	}
	if t.Events == 0 {
		t.Events = engine.AllEvents &^ (engine.OnStats | engine.OnHeld)
	}
	t.Events |= fileEvents
	if t.PeerID == (swarm.PeerID{}) {
		if t.PeerID, err = newPeerID(c.PeerIDPrefix); err != nil {
			return c, err
		}
	}
	return c, nil
}

// fileEvents are the events that FileCompleted is made from.
const fileEvents = engine.OnPiece | engine.OnAdded | engine.OnCompleted | engine.OnRemoved

// defaultState is where to remember things if nobody says: a program that runs
// without a home still finds its records beside the content.
func defaultState(dir string) string {
	if user, err := os.UserConfigDir(); err == nil {
		state := filepath.Join(user, "shoal")
		if os.MkdirAll(state, 0o700) == nil {
			return state
		}
	}
	return filepath.Join(dir, ".shoal")
}

// newPeerID makes a name in the style of BEP 20,
// https://www.bittorrent.org/beps/bep_0020.html.
func newPeerID(prefix string) (id swarm.PeerID, err error) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if prefix == "" {
		prefix = "-SL0010-"
	}
	if len(prefix) > len(id) {
		return id, errors.New("client: PeerIDPrefix is longer than 20 bytes")
	}
	n := copy(id[:], prefix)
	rand.Read(id[n:])
	for i := n; i < len(id); i++ {
		id[i] = letters[int(id[i])%len(letters)]
	}
	return id, nil
}
