package main

import (
	"context"
	"crypto/sha1"
	"fmt"
	"net"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
)

const (
	chatName    = "example_chat"
	guestNumber = 7 // of the messages that the guest receives; each side has its own
)

// A guest is a connection to a host, without an engine.
type guest struct {
	conn   net.Conn
	reader *peerwire.Reader
	writer *peerwire.Writer
	number uint8 // that the host expects
}

func newGuest(ctx context.Context, addr string) (*guest, error) {
	ours := handshake.Handshake{
		InfoHash: sha1.Sum([]byte("a chat room")),
		PeerID:   [20]byte([]byte("-XX0001-guest-------")),
		Reserved: handshake.Bits(handshake.Extended),
	}
	conn, theirs, err := handshake.Dial(ctx, new(net.Dialer), addr, ours, handshake.Options{})
	if err != nil {
		return nil, err
	}
	g := &guest{conn: conn, reader: peerwire.NewReader(conn, peerwire.Limits{}), writer: peerwire.NewWriter(conn)}
	err = g.enter(theirs)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return g, nil
}

// enter exchanges extension handshakes.
func (g *guest) enter(theirs handshake.Handshake) error {
	if !theirs.Reserved.Has(handshake.Extended) {
		return fmt.Errorf("the host has no extensions; run a host of this program")
	}
	hello := peerwire.ExtendedHandshake{M: peerwire.Extensions{chatName: guestNumber}}
	err := g.writer.Write(peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
	if err != nil {
		return err
	}
	for {
		m, err := g.reader.Next()
		if err != nil {
			return err
		}
		if m.Kind != peerwire.Extended || m.ExtID != 0 {
			continue
		}
		host, err := peerwire.ParseExtendedHandshake(m.Data)
		if err != nil {
			return err
		}
		number, ok := host.M.ID(chatName)
		if !ok {
			return fmt.Errorf("the host has no extension %s; run a host of this program", chatName)
		}
		g.number = number
		return nil
	}
}

func (g *guest) say(line string) error {
	return g.writer.Write(peerwire.Message{Kind: peerwire.Extended, ExtID: g.number, Data: []byte(line)})
}

// listen shows what others say until the connection ends.
func (g *guest) listen(show func(line string)) error {
	for {
		m, err := g.reader.Next()
		if err != nil {
			return err
		}
		if m.Kind == peerwire.Extended && m.ExtID == guestNumber {
			show(string(m.Data))
		}
	}
}

func (g *guest) close() { g.conn.Close() }
