package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/unsupported"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
)

// askAdvice says how somebody can be asked for metadata if the DHT is off.
const askAdvice = "Leave --no-dht out, or name a peer with --peer HOST:PORT, or a tracker with --announce URL."

// addLink adds a torrent of which only a link is known. It returns an error if nobody can be
// asked for the metadata.
func (cmd getCommand) addLink(ctx context.Context, s *session, link *metainfo.Magnet, name string, o client.AddOptions) (*item, error) {
	if len(link.IDs()) == 0 {
		if !s.config.DHT {
			return nil, advice.New(errors.New("the link has a key and no info hash, and the DHT is off"), "Leave --no-dht out: the DHT says which torrent the link stands for.")
		}
		s.c.Say("Looking up in the DHT which torrent the link stands for...")
	}
	t, err := s.addToClient(ctx, link, o)
	if errors.Is(err, chooser.ErrAborted) {
		return nil, err
	}
	if errors.Is(err, client.ErrDuplicate) && t != nil && s.byID[t.ID()] != nil {
		i := s.byID[t.ID()]
		i.namesPeers = i.namesPeers || len(link.Peers) > 0
		s.warnAbout(i, message.Of(err), "Its trackers and peers are used as well.")
		return i, nil
	}
	if err != nil {
		return nil, err
	}
	isPaused := t.Stats().Phase == engine.PhasePaused
	_, err = t.Metainfo()
	if isPaused && errors.Is(err, client.ErrNoMetadata) { // another program paused the link
		err = t.Resume()
		if err != nil {
			return nil, err
		}
	}
	isHelpless := t.Stats().Phase == client.PhaseFetching && !s.findsPeers(false) && !cmd.canAsk(t, link)
	if isHelpless && !s.findsLocalPeers(false) {
		err = fmt.Errorf("%s: %s", terminal.Sanitize(t.Name()), unsupported.WhyNoMetadata(link))
		return nil, advice.New(err, askAdvice)
	}
	i := s.addLink(t, name)
	i.fromLink, i.namesPeers = true, len(link.Peers) > 0
	if isHelpless {
		s.warnAbout(i, unsupported.WhyNoMetadata(link)+", so only peers on the local network are asked", askAdvice)
	}
	return i, nil
}

// canAsk reports whether somebody can be asked for the metadata of a link.
func (cmd getCommand) canAsk(t *client.Torrent, link *metainfo.Magnet) bool {
	onWeb := func(address string) bool {
		lower := strings.ToLower(address)
		return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
	}
	web := slices.ContainsFunc(link.Sources, onWeb) || slices.ContainsFunc(link.Acceptable, onWeb)
	return hasUsableTracker(t) || len(cmd.Peer)+len(link.Peers) > 0 || web
}

// whomToAsk returns advice if a warning says that an address of a link has no .torrent file, and
// nobody else can be asked for the metadata.
func (s *session) whomToAsk(i *item, warning string) string {
	isAboutFile := strings.HasPrefix(warning, "the link names a .torrent file")
	if !i.link || !isAboutFile || i.namesPeers || len(s.named) > 0 || hasUsableTracker(i.t) || s.findsPeers(false) {
		return ""
	}
	return askAdvice
}

// handleMerged goes on without a torrent that proved to be the same as another one.
func (s *session) handleMerged(i *item, e client.Merged) {
	s.items = slices.DeleteFunc(s.items, func(o *item) bool { return o == i })
	delete(s.byID, e.Torrent)
	s.c.Emit(mergedJSON{"merged", i.id, e.Into.String()})
	s.c.Say("%s: it is the same torrent as %s", i.name, e.Into)
}

// handleVersion says that the key of a torrent's link stands for a newer torrent now.
func (s *session) handleVersion(i *item, e client.NewVersion) {
	s.c.Emit(versionJSON{"newVersion", i.id, e.Hash.String(), e.Seq})
	s.c.Say("%s: its link stands for a newer torrent now. This one stays. To get the newer one:\n  %s", i.name, torrentsource.GetCommand(e.Hash.String(), i.t.Dir()))
}

// versionJSON is the JSON object of a newer torrent of a link.
type versionJSON struct {
	Event   string `json:"event"`   // "newVersion"
	Torrent string `json:"torrent"` // info hash
	Newer   string `json:"newer"`   // info hash of the newer one
	Seq     int64  `json:"seq"`
}

// mergedJSON is the JSON object of two links that proved to be of one torrent.
type mergedJSON struct {
	Event   string `json:"event"`   // "merged"
	Torrent string `json:"torrent"` // info hash
	Into    string `json:"into"`    // info hash of the one that stays
}

// warnLost says of a peer that the user named why no metadata came from it: the first time.
func (s *session) warnLost(i *item, e client.PeerLost) {
	named := s.named[e.Addr]
	err := client.ErrorOf(e)
	if !i.link || named == nil || named.warned || err == nil || e.End.Harmless() {
		return
	}
	named.warned = true
	text := e.Addr.String() + ": it closed the connection before the metadata was here"
	if e.End != client.EndLost {
		text = "the connection ended before the metadata was here: " + message.Of(err)
	}
	s.warnAbout(i, text, "That peer may not have the metadata either, or not share this torrent now. Shoal tries it again.")
}

// handleMetadata goes on with a torrent whose metadata has come.
func (s *session) handleMetadata(i *item) {
	i.link, i.name = false, terminal.Sanitize(i.t.Name())
	i.learnPrivate()
	s.emitAdded(i)
	s.c.Say("%s: the metadata is here", i.name)
	s.admitLink(i)
}

// addLink is add for a torrent that was added by a link.
func (s *session) addLink(t *client.Torrent, source string) *item {
	isNew := s.byID[t.ID()] == nil
	i := s.add(t, source)
	if isNew && !i.link { // the metadata has come already
		s.admitLink(i)
	}
	return i
}

// admitLink stops a torrent that was added by a link if it cannot be downloaded as its
// metadata says.
func (s *session) admitLink(i *item) {
	if s.admit == nil {
		return
	}
	err := s.admit(i)
	if err == nil {
		err = s.begin(i)
	}
	if err != nil {
		s.fail(i, errors.Join(err, i.t.Pause()))
	}
}
