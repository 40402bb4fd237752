package mse

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"net"
	"time"
)

// A Payload is how all that follows the exchange is sent. Payloads are bits, so that several can
// be offered.
type Payload uint32

// The payloads, as they are sent.
const (
	Plain Payload = 1 << iota // as it is: only the exchange and the initiator's first bytes are hidden
	RC4                       // encrypted
)

// String returns "plain", "RC4", or both with a bar between them.
func (p Payload) String() string {
	switch p {
	case Plain:
		return "plain"
	case RC4:
		return "RC4"
	case Plain | RC4:
		return "plain|RC4"
	}
	return fmt.Sprintf("Payload(%#x)", uint32(p))
}

// MaxFirst is the number of bytes that an initiator sends at most along with the exchange, and that
// Accept takes. Some programs take no more than the 68 bytes of a handshake.
const MaxFirst = 8 << 10

// StartLen is the number of bytes that Begins needs.
const StartLen = 1 + len(plainName)

// plainName is the name with which a plain handshake begins, after its length.
// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol
const plainName = "BitTorrent protocol"

// An Encryption says which payloads we agree to. The zero value agrees to both, and selects Plain
// if the peer offers both. Encryptions can be compared.
type Encryption struct {
	// Payloads are those that Initiate offers and Accept selects from; zero means both.
	Payloads Payload

	// PreferRC4 has Accept select RC4 if it may select either.
	PreferRC4 bool
}

// payloads returns the payloads that we agree to.
func (e Encryption) payloads() Payload {
	if e.Payloads == 0 {
		return Plain | RC4
	}
	return e.Payloads & (Plain | RC4)
}

// choose returns the payload to select of those that a peer offers; zero for none.
func (e Encryption) choose(offered Payload) Payload {
	both := offered & e.payloads()
	if both == Plain|RC4 {
		if e.PreferRC4 {
			return RC4
		}
		return Plain
	}
	return both
}

// Mark returns what an initiator shows in place of a torrent's hash: a hash of it.
func (Encryption) Mark(id [20]byte) [20]byte { return hash("req2", id[:]) }

// Begins reports whether a connection that begins with first, StartLen bytes, may be encrypted.
// It is not if that is the start of a plain handshake, or text, such as a request of HTTP. A public
// key is text once in 400 million times. One in 256 begins with the same byte as a plain handshake.
func (Encryption) Begins(first []byte) bool {
	if string(first[1:StartLen]) == plainName && int(first[0]) == len(plainName) {
		return false
	}
	for _, b := range first[:StartLen] {
		isText := (b >= ' ' && b <= '~') || b == '\r' || b == '\n'
		if !isText {
			return true
		}
	}
	return false
}

// Initiate encrypts a connection that we dialed, for the torrent with the hash id. It sends first,
// at most MaxFirst bytes, encrypted and in the same message as what it offers, so that encryption
// costs one round trip. It gives up when ctx is done. The connection that it returns is a *Conn
// without a deadline.
func (e Encryption) Initiate(ctx context.Context, c net.Conn, id [20]byte, first []byte) (net.Conn, error) {
	if len(first) > MaxFirst {
		return nil, fmt.Errorf("mse: %d bytes to send first, more than %d; send the rest afterwards", len(first), MaxFirst)
	}
	return run(ctx, c, func() (*Conn, error) {
		x := exchange{Encryption: e, conn: c, random: rand.Reader}
		return x.initiate(id, first)
	})
}

// Accept encrypts a connection that a peer made to us. find returns the hash of the torrent with a
// Mark, false if we do not have it; it is called once, at most. Accept gives up when ctx is done.
// The connection that it returns is a *Conn without a deadline.
func (e Encryption) Accept(ctx context.Context, c net.Conn, find func(mark [20]byte) (id [20]byte, ok bool)) (net.Conn, error) {
	return run(ctx, c, func() (*Conn, error) {
		x := exchange{Encryption: e, conn: c, random: rand.Reader}
		return x.accept(find)
	})
}

// past is a deadline that ends I/O at once.
var past = time.Unix(1, 0)

// run runs an exchange until ctx is done, and leaves a connection without a deadline.
func run(ctx context.Context, c net.Conn, f func() (*Conn, error)) (net.Conn, error) {
	moved := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(moved)
		c.SetDeadline(past)
	})
	secured, err := f()
	if !stop() {
		<-moved // because the caller may set a deadline
		return nil, fmt.Errorf("mse: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("mse: %w", err)
	}
	err = c.SetDeadline(time.Time{})
	if err != nil {
		return nil, fmt.Errorf("mse: %w", err)
	}
	return secured, nil
}

// hash returns the SHA-1 of a name and what follows it.
func hash(name string, parts ...[]byte) (sum [20]byte) {
	h := sha1.New()
	h.Write([]byte(name))
	for _, p := range parts {
		h.Write(p)
	}
	return [20]byte(h.Sum(nil))
}
