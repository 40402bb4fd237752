package main

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
)

// end closes the client, and returns how a command that downloads ended. failed is why not everything
// was added; nil if all was.
func (s *session) end(ctx context.Context, failed error) error {
	if err := s.close(); err != nil {
		return err
	}
	if s.aborted {
		return chooser.ErrAborted
	}
	if failed == nil {
		failed = s.failed()
	}
	if failed == nil && !s.complete() {
		return ctx.Err()
	}
	return failed
}

// close closes the client and says how to continue.
func (s *session) close() error {
	close(s.closing)
	if s.c.IsLive || s.c.IsJSON {
		s.show() // the last figures
	}
	err := s.closeClient()
	if s.alreadyReported(err) {
		err = nil
	}
	s.c.Screen.Clear()
	s.handleLast()
	if s.quiet {
		return err
	}
	s.warnForeign()
	for _, i := range s.items {
		s.showEnd(i)
	}
	return err
}

// handleLast handles the events that came before the client was closed, and while it was,
// if they say how something ended.
func (s *session) handleLast() {
	s.quitWhenComplete = true // whatever completes now is not shared any more
	last := s.unhandled
	for e := range s.events.All(context.Background()) { // it ends with the client
		last = append(last, e)
	}
	for _, e := range last {
		switch e.(type) {
		case client.PeerFailed, client.PeerLost, client.FileCompleted, client.Completed:
			s.handleEvent(e)
		}
	}
}

// closeSilence is how long closing the client may take before a message says why
// nothing happens.
const closeSilence = time.Second

// closeClient closes the client, and says so if the user has to wait.
func (s *session) closeClient() error {
	const text = "Notifying trackers and writing to disk ..."
	if s.c.IsLive && !s.quiet {
		s.c.Draw(text)
	} else if !s.quiet {
		waits := time.AfterFunc(closeSilence, func() { s.c.Say(text) })
		defer waits.Stop()
	}
	return s.client.Close()
}

// showEnd says how a torrent stood at the end.
func (s *session) showEnd(i *item) {
	if !i.done || i.seedOnly {
		s.warnRefused(i)
	}
	if s.aborted {
		return
	}
	st := i.t.Stats()
	sent := st.Up.Total - st.UpBefore
	again := func(to string) string {
		if s.c.Command.IsTemporary {
			return "Nothing is kept, because of --temporary."
		}
		return "Run the same command again to " + to + "."
	}
	switch {
	case i.link && i.err == nil:
		s.c.Say("%s: stopped while the metadata was fetched. %s", i.name, again("continue"))
	case i.err != nil || !i.checked:
	case !i.done && s.view(i).Writing():
		s.c.Say("%s: stopped while it was written to disk. %s", i.name, again("finish"))
	case !i.done:
		s.c.Say("%s: stopped at %s. %s", i.name, quantity.Percent(s.view(i).Share()), again("continue"))
	case sent > 0 && st.UpBefore > 0:
		s.c.Say("%s: uploaded %s in this run, %s in total.", i.name, quantity.Size(sent), quantity.Size(st.Up.Total))
	case sent > 0:
		s.c.Say("%s: uploaded %s.", i.name, quantity.Size(sent))
	}
}
