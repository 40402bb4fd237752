package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
)

// eventJSON is the JSON object of an event of a torrent.
type eventJSON struct {
	Event   string  `json:"event"`
	Torrent string  `json:"torrent"`
	Name    string  `json:"name,omitempty"`
	Path    string  `json:"path,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	Held    *int    `json:"held,omitempty"` // pieces
	Piece   *int    `json:"piece,omitempty"`
	Peers   *int    `json:"peers,omitempty"`
	Peer    string  `json:"peer,omitempty"`
	Message string  `json:"message,omitempty"`
}

// handleEvent prints what happened to a torrent, if users or scripts need to know.
func (s *session) handleEvent(e client.Event) {
	i := s.byID[client.TorrentOf(e)]
	if i == nil {
		return
	}
	h := eventJSON{Torrent: i.id}
	switch e := e.(type) {
	case engine.Added:
		s.handleAdded(i, e)
		return
	case engine.Completed:
		s.handleCompleted(i)
		return
	case engine.Failed:
		s.fail(i, client.ErrorOf(e))
		return
	case client.FileCompleted:
		h.Event, h.Path, h.Bytes = "file", e.Path, e.Length
	case engine.NoPeers:
		h.Event = "noPeers"
	case engine.PieceFailed:
		h.Event, h.Piece, h.Message = "pieceFailed", &e.Piece, "a piece failed its check and is downloaded again"
		s.c.log.Info("a piece failed its check and is downloaded again", "torrent", i.name, "piece", e.Piece)
	case engine.PeerBanned:
		h.Event, h.Peer = "banned", e.Addr.String()
		s.c.log.Info("banned a peer that sent wrong data", "torrent", i.name, "address", e.Addr)
	case engine.PeerFailed:
		if warned, ours := s.named[e.Addr]; !ours || warned {
			return
		}
		h.Event, h.Peer, h.Message = "peerFailed", e.Addr.String(), s.warnPeerFailed(i, e)
	case engine.PeerConnected:
		h.Event, h.Peer = "connected", e.Addr.String()
	case engine.PeerLost:
		h.Event, h.Peer = "lost", e.Addr.String()
		if err := client.ErrorOf(e); err != nil {
			h.Message = readable(err)
		}
	case engine.SourceReply:
		h.Event, h.Peers = "tracker", &e.Peers
		i.lastWarning = ""
		if w := terminal.Sanitize(e.Answer.Warning); w != "" {
			h.Message = w
			s.warnOnce(i, "the tracker warns: "+w)
		}
	case engine.SourceError:
		h.Event, h.Message = "trackerError", readable(client.ErrorOf(e))
		s.warnOnce(i, "the announce to the tracker failed: "+h.Message)
	case engine.Warning:
		h.Event, h.Message = "warning", readable(e.Err)
		s.warnOnce(i, h.Message)
	default:
		return
	}
	s.c.emit(h)
}

// peerFailure says why a peer that the user named is not connected, and what to do.
func peerFailure(err error) (why, advice string) {
	switch {
	case errors.Is(err, engine.ErrHandshake) && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
		return "it closed the connection; it probably does not have this torrent", "Check that it shares the same torrent. Shoal keeps trying."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it refused the connection", "Check that a client is running there. Shoal keeps trying."
	}
	return readable(err), "Check the address. Shoal keeps trying."
}

// warnPeerFailed says, once, why a peer that the user named is not connected.
func (s *session) warnPeerFailed(i *item, e engine.PeerFailed) string {
	s.named[e.Addr] = true
	why, advice := peerFailure(client.ErrorOf(e))
	if !s.c.json {
		s.c.warn("%s: %s: %s\n  %s", i.name, e.Addr, why, advice)
	}
	return why + ". " + advice
}

// warnOnce prints a warning, but not the same twice in a row.
func (s *session) warnOnce(i *item, text string) {
	if text == i.lastWarning || s.c.json {
		return
	}
	i.lastWarning = text
	s.c.warn("%s: %s", i.name, text)
}

// handleAdded records which pieces a torrent has at the start.
func (s *session) handleAdded(i *item, e engine.Added) {
	i.checked, i.start = true, time.Now()
	i.done = e.Held == e.Pieces
	i.heldAtStart = heldBytes(i.t)
	s.c.emit(eventJSON{Event: "checked", Torrent: i.id, Held: &e.Held})
	switch {
	case i.seedOnly && !i.done:
		s.fail(i, advised{
			fmt.Errorf("%w: only %s of %s are correct", errIncomplete, quantity.Number(int64(e.Held)), quantity.Count(e.Pieces, "piece")),
			"Say where the content is with --dir, or download the rest with: " + shell.Program() + " get",
		})
	case i.fault() != nil:
		s.fail(i, advised{i.fault(), "Make the rest with: " + shell.Program() + " get"})
	case i.seedOnly:
		s.c.say("%s: seeding %s, %s", i.name, i.contentPath(), quantity.Size(i.t.Length()))
		if err := i.t.Resume(); err != nil {
			s.fail(i, err)
		}
	case i.done:
		s.c.emit(eventJSON{Event: "completed", Torrent: i.id, Name: i.t.Name()})
		s.c.say("%s: already complete in %s", i.name, i.contentPath())
	case e.Held > 0:
		s.c.say("%s: continuing at %s", i.name, quantity.Percent(float64(e.Held)/float64(e.Pieces)))
	}
}

// heldBytes returns how many bytes of a torrent's files are heldBytes, pads not counted.
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

// handleCompleted prints that the last piece came in.
func (s *session) handleCompleted(i *item) {
	i.done = true
	i.took = time.Since(i.start)
	length := i.t.Length() - i.heldAtStart
	s.c.emit(eventJSON{Event: "completed", Torrent: i.id, Name: i.t.Name(), Bytes: length, Seconds: i.took.Seconds()})
	if s.quiet {
		return
	}
	s.c.say("%s: complete in %s, %s in %s, %s", i.name, i.contentPath(), quantity.Size(length), quantity.Duration(i.took), quantity.Speed(length, i.took))
	if !s.quitWhenComplete {
		s.c.say("%s: seeding until Ctrl-C", i.name)
	}
}
