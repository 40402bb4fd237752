package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// eventJSON is the JSON object of an event of a torrent.
type eventJSON struct {
	Event   string  `json:"event"`
	Torrent string  `json:"torrent"` // info hash
	Name    string  `json:"name,omitempty"`
	Path    string  `json:"path,omitempty"` // in the torrent
	Bytes   int64   `json:"bytes,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	All     bool    `json:"all,omitempty"`  // every piece is held, also those that are not wanted
	Held    *int    `json:"held,omitempty"` // pieces
	Piece   *int    `json:"piece,omitempty"`
	Peers   *int    `json:"peers,omitempty"`
	Peer    string  `json:"peer,omitempty"` // address
	Reason  string  `json:"reason,omitempty"`
	Message string  `json:"message,omitempty"`
	Advice  string  `json:"advice,omitempty"`
	Retry   *int64  `json:"retry,omitempty"` // seconds until it is tried again
}

// handleEvent prints what happened to a torrent, if users or scripts need to know.
func (s *session) handleEvent(e client.Event) {
	if failed, ok := e.(client.PeerFailed); ok {
		s.handlePeerFailed(failed)
		return
	}
	i := s.byID[client.TorrentOf(e)]
	if s.handleDiscovery(i, e) || i == nil {
		return
	}
	h := eventJSON{Torrent: i.id}
	switch e := e.(type) {
	case client.Added:
		s.handleAdded(i, e)
		return
	case client.Completed:
		s.handleCompleted(i, e.All)
		return
	case client.Failed:
		s.fail(i, client.ErrorOf(e))
		return
	case client.SourceFailed:
		s.handleTrackerError(i, e)
		return
	case client.Merged:
		s.handleMerged(i, e)
		return
	case client.NewVersion:
		s.handleVersion(i, e)
		return
	case client.FileCompleted:
		h.Event, h.Path, h.Bytes = "file", e.Path, e.Length
	case client.NoPeers:
		h.Event = "noPeers"
	case client.PieceFailed:
		h.Event, h.Piece, h.Message = "pieceFailed", &e.Piece, "a piece failed its check and is downloaded again"
		s.c.Log.Info(h.Message, "torrent", i.name, "piece", e.Piece)
	case client.PeerBanned:
		h.Event, h.Peer, h.Message = "banned", e.Addr.String(), "banned a peer that sent wrong data"
		s.c.Log.Info(h.Message, "torrent", i.name, "address", e.Addr)
	case client.PeerConnected:
		i.handshakes.connected = true
		h.Event, h.Peer = "connected", e.Addr.String()
	case client.PeerLost:
		if h = lostJSON(h, e); !s.c.IsJSON {
			s.warnLost(i, e)
		}
	case client.SourceReply:
		h.Event, h.Peers = "tracker", &e.Peers
		h.Message = terminal.Sanitize(e.Answer.Warning) // a client.Warning follows
		if h.Message == "" {
			i.lastWarning = ""
		}
	case client.Warning:
		text := message.Of(e.Err)
		if warning, ok := strings.CutPrefix(text, "source: "); ok {
			text = "tracker warning: " + warning
		}
		s.warn(i, text, cmp.Or(s.whomToAsk(i, text), s.c.Command.Advice(e.Err)))
		return
	default:
		return
	}
	if s.c.IsJSON {
		s.c.Emit(h)
	}
}

// lostJSON says how a connection ended: it was lost, or nobody needed it any more.
func lostJSON(h eventJSON, e client.PeerLost) eventJSON {
	h.Event, h.Peer, h.Reason = "lost", e.Addr.String(), e.End.String()
	if e.End.Harmless() {
		h.Event = "disconnected"
	}
	if err := client.ErrorOf(e); err != nil {
		h.Message = message.Of(err)
	}
	return h
}

// warn prints a warning about a torrent, but not the same twice in a row.
func (s *session) warn(i *item, text, advice string) {
	if text != i.lastWarning {
		i.lastWarning = text
		s.warnAbout(i, text, advice)
	}
}

// handleTrackerError says why an announce failed and when the next one is, unless all
// trackers are such that Shoal does not support, which was said at the start.
func (s *session) handleTrackerError(i *item, e client.SourceFailed) {
	if !hasUsableTracker(i.t) {
		return
	}
	message, now := message.Of(client.ErrorOf(e)), time.Now()
	h := eventJSON{Event: "trackerError", Torrent: i.id, Message: message}
	next := "Shoal does not ask it again."
	if at := nextAnnounce(i.t); !at.IsZero() {
		h.Retry = secondsUntil(now, at)
		next = "Shoal tries again in " + quantity.About(at.Sub(now)) + "."
	}
	if s.c.IsJSON {
		s.c.Emit(h)
		return
	}
	s.warn(i, "the announce to the tracker failed: "+message, next)
}

// nextAnnounce returns when the first tracker is asked again; zero for never.
func nextAnnounce(t *client.Torrent) (first time.Time) {
	for _, k := range t.Trackers() {
		if !k.Never && !k.Next.IsZero() && (first.IsZero() || k.Next.Before(first)) {
			first = k.Next
		}
	}
	return first
}

// secondsUntil returns whole seconds from now to a time.
func secondsUntil(now, at time.Time) *int64 {
	n := quantity.Seconds(at.Sub(now))
	return &n
}

// hasUsableTracker reports whether a torrent has a tracker that can be asked.
func hasUsableTracker(t *client.Torrent) bool {
	return slices.ContainsFunc(t.Trackers(), func(k client.Tracker) bool { return !k.Never })
}

// handleAdded records which pieces a torrent has at the start.
func (s *session) handleAdded(i *item, e client.Added) {
	if i.link {
		s.handleMetadata(i)
	}
	if i.err != nil {
		return
	}
	i.checked, i.start = true, time.Now()
	held, wanted := i.countWanted(e.Have, e.Pieces)
	i.done = held == wanted
	i.heldAtStart = heldBytes(i.t)
	s.c.Emit(eventJSON{Event: "checked", Torrent: i.id, Held: &e.Held})
	if err := i.incomplete(e, held, wanted, s.choice.Words); err != nil {
		s.fail(i, err)
		return
	}
	length := s.sayWanted(i)
	switch {
	case i.seedOnly:
		s.c.Say("%s: seeding %s, %s%s", i.name, i.contentPath(), quantity.Size(length), i.unreadable(e))
		if err := i.t.Resume(); err != nil {
			s.fail(i, err)
		}
	case i.done:
		s.c.Emit(eventJSON{Event: "completed", Torrent: i.id, Name: i.t.Name(), All: e.Held == e.Pieces})
		what := "already complete"
		if wanted < e.Pieces {
			what = "what is wanted is already complete"
		}
		s.c.Say("%s: %s in %s", i.name, what, i.contentPath())
		s.saySeeding(i)
	case held > 0:
		s.c.Say("%s: continuing at %s", i.name, quantity.Percent(float64(held)/float64(wanted)))
	}
}

// unreadable says how much of what is only seeded could not be read, if that is all that
// is missing: it is checked again later, and the rest is seeded.
func (i *item) unreadable(e client.Added) string {
	st := i.t.Stats()
	n := st.Unreadable
	if n == 0 || n < st.Wanted-st.WantedHeld {
		return ""
	}
	return fmt.Sprintf("; %s cannot be read and will be checked again", quantity.Count(n, "piece"))
}

// incomplete returns an error if something of what is only seeded is missing or wrong, of which held
// pieces of wanted are there. Its advice names the command that repairs it, with flags that choose.
func (i *item) incomplete(e client.Added, held, wanted int, flags []string) error {
	if !i.seedOnly || (i.done && !i.fromTorrent) || i.unreadable(e) != "" {
		return nil
	}
	faults, err := i.faults()
	if err != nil || (i.done && len(faults) == 0) {
		return err
	}
	err = fmt.Errorf("%w: only %s of %s are correct", errIncomplete, quantity.Number(int64(held)), quantity.Count(wanted, "piece"))
	if i.done {
		err = fmt.Errorf("%s is %s", terminal.Sanitize(faults[0].Path), faults[0].Fault)
	}
	hint := "Say where the content is with --dir."
	if command, ok := repairCommand(faults, i.source, i.t.Dir(), flags...); ok && command != "" {
		hint = "Say where the content is with --dir, or download the rest with:\n" + command
	}
	return advice.New(err, hint)
}

// heldBytes returns how many bytes of a torrent's files are held, pads not counted.
func heldBytes(t *client.Torrent) (n int64) {
	files, err := t.Files()
	if err != nil { // everything is held, and the metainfo cannot be read back
		return t.Length()
	}
	for _, f := range files {
		n += f.Held
	}
	return n
}

// handleCompleted prints that the last piece that is wanted came in. all says that every piece is
// held.
func (s *session) handleCompleted(i *item, all bool) {
	i.done = true
	i.took = time.Since(i.start)
	length := heldBytes(i.t) - i.heldAtStart
	s.c.Emit(eventJSON{
		Event:   "completed",
		Torrent: i.id,
		Name:    i.t.Name(),
		Bytes:   length,
		Seconds: quantity.Round(i.took.Seconds(), 3),
		All:     all,
	})
	if s.quiet {
		return
	}
	what := "complete"
	if !all {
		what = "what is wanted is complete"
	}
	s.c.Say("%s: %s in %s, %s in %s, %s", i.name, what, i.contentPath(), quantity.Size(length), quantity.Duration(i.took), quantity.Speed(length, i.took))
	s.saySeeding(i)
}

// saySeeding says why the command does not end now.
func (s *session) saySeeding(i *item) {
	if !s.quitWhenComplete {
		s.c.Say("%s: seeding until Ctrl-C", i.name)
	}
}
