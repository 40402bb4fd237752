package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// metadataLen is the length of a piece of metadata, and extended the kind of message that it
// comes in. https://www.bittorrent.org/beps/bep_0009.html
const (
	metadataLen = 16 << 10
	extended    = 20
	ourNumber   = 3 // for ut_metadata, in messages to us
)

// A Describer is a peer that has the metadata of a torrent, and its content, which is zeros.
// It chokes nobody who is interested, and knows no limit.
type Describer struct {
	Torrent Torrent
	Info    []byte        // the info dictionary
	Delay   time.Duration // before each piece of metadata
	Lies    bool          // each piece of metadata has a wrong byte
}

// Serve answers on a listener until ctx is done, and closes it.
func (d *Describer) Serve(ctx context.Context, l net.Listener) {
	var all sync.WaitGroup
	defer all.Wait()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		all.Go(func() {
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			d.answer(c) // an error is the trouble of who fetches
		})
	}
}

// answer serves one connection until it ends.
func (d *Describer) answer(c net.Conn) error {
	r := bufio.NewReaderSize(c, readBuffer)
	if _, err := r.Discard(helloLen); err != nil {
		return err
	}
	greeting := hello(d.Torrent.ID, "XD0001")
	greeting[25] |= 0x10 // extensions, https://www.bittorrent.org/beps/bep_0010.html
	greeting = appendExtended(greeting, 0, fmt.Appendf(nil, "d1:md11:ut_metadatai%dee13:metadata_sizei%dee", ourNumber, len(d.Info)))
	greeting = append(greeting, (&Blast{Torrent: d.Torrent}).claim()...)
	if _, err := c.Write(greeting); err != nil {
		return err
	}
	theirs := 0 // their number for ut_metadata
	for {
		kind, rest, err := next(r)
		if err != nil {
			return err
		}
		body := make([]byte, rest)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		var reply []byte
		switch kind {
		case interested:
			reply = state(unchoke)
		case request:
			reply = d.block(body)
		case extended:
			if body[0] == 0 {
				theirs = numberOf(body)
				continue
			}
			reply = d.metadata(byte(theirs), body[1:])
		}
		if len(reply) == 0 {
			continue
		}
		if _, err := c.Write(reply); err != nil {
			return err
		}
	}
}

// block returns the answer to a request of content.
func (d *Describer) block(body []byte) []byte {
	if len(body) != requestLen-5 {
		return nil
	}
	n := min(binary.BigEndian.Uint32(body[8:]), blockLen)
	m := binary.BigEndian.AppendUint32(nil, headerLen-4+n)
	m = append(append(m, piece), body[:8]...)
	return append(m, make([]byte, n)...)
}

// metadata returns the answer to a message of ut_metadata, and takes its time.
func (d *Describer) metadata(theirs byte, body []byte) []byte {
	var n int
	_, err := fmt.Sscanf(string(body), "d8:msg_typei0e5:piecei%dee", &n)
	if err != nil || n < 0 || n*metadataLen >= len(d.Info) {
		return nil
	}
	time.Sleep(d.Delay)
	m := fmt.Appendf(nil, "d8:msg_typei1e5:piecei%de10:total_sizei%dee", n, len(d.Info))
	m = append(m, d.Info[n*metadataLen:min(len(d.Info), (n+1)*metadataLen)]...)
	if d.Lies {
		m[len(m)-1]++
	}
	return appendExtended(nil, theirs, m)
}

func appendExtended(dst []byte, number byte, body []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(2+len(body)))
	return append(append(dst, extended, number), body...)
}

// numberOf returns the number of ut_metadata in an extended handshake, 0 for none.
func numberOf(hello []byte) int {
	_, after, _ := bytes.Cut(hello, []byte("11:ut_metadatai"))
	digits, _, _ := bytes.Cut(after, []byte("e"))
	n, _ := strconv.Atoi(string(digits))
	return n & 0xff
}
