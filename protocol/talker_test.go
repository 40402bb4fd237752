package protocol

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
)

// A talker is an extension for tests. It writes down what it is told, and does what the
// first word of a message says.
type talker struct {
	w    *world
	name string
}

func (w *world) newTalker(name string) extension.Maker {
	return func(t extension.Torrent) extension.Extension {
		w.say("%s: made for %d swarms, private: %v", name, len(t.Swarms), t.Private)
		return &talker{w, name}
	}
}

func (e *talker) Name() string                        { return e.name }
func (e *talker) Hello(h *peerwire.ExtendedHandshake) { h.MetadataSize = 7 }

func (e *talker) Open(_ time.Time, c extension.Conn, hello *peerwire.ExtendedHandshake) extension.Session {
	e.w.say("%s: open %d, outgoing: %v, client %q", e.name, c.Peer(), c.Outgoing(), hello.V)
	if e.name == "shy" {
		return nil
	}
	return &talk{talker: e, c: c, id: c.Peer()}
}

type talk struct {
	*talker
	c      extension.Conn
	id     swarm.Peer
	ticks  bool
	closed bool
}

func (t *talk) Hello(_ time.Time, hello *peerwire.ExtendedHandshake) {
	t.say("hello, %d extensions", len(hello.M))
}

func (t *talk) Message(_ time.Time, body []byte) error {
	word, rest, _ := strings.Cut(string(body), " ")
	t.say("got %q", body)
	switch word {
	case "fail":
		return errors.New("no such word")
	case "break":
		return &peerwire.ProtocolError{Message: peerwire.Extended, Reason: "broken"}
	case "answer":
		t.say("sent: %v", t.c.Send([]byte(rest)))
	case "found":
		t.c.Found(swarm.Address{AddrPort: t.w.address(rest)})
	case "peers":
		t.c.Peers(func(a swarm.Address) bool {
			t.say("%v has flags %#x", a.AddrPort, a.Flags)
			return true
		})
	case "upload":
		t.c.CountUpload(t.w.number(rest))
	case "tick":
		t.ticks = true
	}
	return nil
}

func (t *talk) Tick(time.Time) {
	if t.ticks {
		t.say("tick")
	}
}

func (t *talk) Close() {
	t.say("close")
	t.closed = true
}

// say writes down what happens in the session. Nothing may happen after its end.
func (t *talk) say(format string, args ...any) {
	if t.closed {
		t.w.t.Fatalf("%s: %s: a call after Close", t.w.place, t.name)
	}
	t.w.say("%s %d: %s", t.name, t.id, fmt.Sprintf(format, args...))
}

// extended makes a message of the extension protocol: a handshake, a message of an
// extension, or lt_donthave.
func (c *chaos) extended(m *peerwire.Message) {
	m.ExtID = c.byte() % 5
	switch m.ExtID {
	case extHandshake:
		numbers := peerwire.Extensions{"a": c.byte() % 4, "b": c.byte() % 4, peerwire.DontHaveName: c.byte() % 2}
		m.Data = peerwire.ExtendedHandshake{M: numbers, Reqq: int(c.byte()), P: 6881, UploadOnly: c.byte()%4 == 0}.AppendTo(nil)
	case extension.DontHave:
		m.Data = peerwire.AppendDontHave(nil, c.anyBlock().Piece)
	default:
		words := [...]string{"answer this", "found 77", "peers", "tick", "upload 100", "fail"}
		m.Data = []byte(words[int(c.byte())%len(words)])
	}
}
