package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
)

// linkAdvice says what to do about a link that cannot be read.
const linkAdvice = "Check that you copied the whole link, and put it in quotes."

// parseLink returns the link that a name stands for: a magnet link, or an info hash if there is
// no such file. It returns nil if it is something else.
func parseLink(c *console, name string) (*metainfo.Magnet, error) {
	if !strings.HasPrefix(strings.ToLower(name), "magnet:") {
		m, err := metainfo.ParseInfoHash(name)
		_, statErr := os.Stat(name)
		if err != nil || !errors.Is(statErr, fs.ErrNotExist) {
			return nil, nil
		}
		return m, nil
	}
	m, err := metainfo.ParseMagnet(name)
	if err != nil {
		return nil, advice.New(err, linkAdvice)
	}
	for _, w := range m.Warnings {
		c.warn("magnet link: %s", terminal.Sanitize(w.String()))
	}
	return m, nil
}

// addLink adds a torrent of which only a link is known. It returns an error if nobody can be
// asked for the metadata.
func (cmd getCommand) addLink(ctx context.Context, s *session, link *metainfo.Magnet, o client.AddOptions) (*client.Torrent, error) {
	t, err := s.client.Add(ctx, link, o)
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
	if t.Stats().Phase != client.PhaseFetching || cmd.canAsk(t, link) {
		return t, nil
	}
	err = fmt.Errorf("%s: the link names nobody whom Shoal can ask for the metadata", terminal.Sanitize(t.Name()))
	return nil, advice.New(err, "Name a peer with --peer HOST:PORT, or a tracker with --announce URL.")
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

// handleMetadata goes on with a torrent whose metadata has come.
func (s *session) handleMetadata(i *item) {
	st := i.t.Stats()
	i.link, i.name = false, terminal.Sanitize(i.t.Name())
	i.before = totals{st.Down.Total, st.Up.Total}
	s.emitAdded(i)
	s.c.say("%s: the metadata is here", i.name)
	if s.admit == nil {
		return
	}
	if err := s.admit(i); err != nil {
		s.fail(i, errors.Join(err, i.t.Pause()))
	}
}
