package trackerserver

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"time"
)

// connectionLife is how long a connection ID is valid:
// https://www.bittorrent.org/beps/bep_0015.html#udp-connections-spoofing.
const connectionLife = 2 * time.Minute

// newConnectionKey makes the random key of connection IDs.
func newConnectionKey() cipher.Block {
	var key [16]byte
	rand.Read(key[:]) // never fails
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the length of the key is right
	}
	return block
}

// connectionIDs makes and checks connection IDs. A sender that knows the one for its
// address has received an answer there, so the address is not forged. Nothing is
// remembered of those who ask for one.
//
// A connection ID has a byte that says when it was made, in seconds modulo 256, and 7 bytes
// of a keyed hash of the address and the whole time. The port is not part of it, because
// clients and routers change it between requests. One goroutine at a time may use it.
type connectionIDs struct {
	key   cipher.Block // may be shared
	block [16]byte     // of the hash; here, so that it is not allocated
}

// id returns the connection ID for an address.
func (c *connectionIDs) id(a netip.Addr, now time.Time) uint64 { return c.idAt(a, now.Unix()) }

// idAt returns the connection ID that was made for an address at a time, in seconds. The
// hash is AES as a CBC-MAC over the address and the time, which cannot be forged because
// the length never changes.
func (c *connectionIDs) idAt(a netip.Addr, second int64) uint64 {
	b := c.block[:]
	c.block = a.As16()
	c.key.Encrypt(b, b)
	binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)^uint64(second))
	c.key.Encrypt(b, b)
	return uint64(byte(second))<<56 | binary.BigEndian.Uint64(b)>>8
}

// valid reports whether id was made for an address within connectionLife.
func (c *connectionIDs) valid(id uint64, a netip.Addr, now time.Time) bool {
	second := now.Unix()
	age := byte(second) - byte(id>>56)
	return age <= byte(connectionLife/time.Second) && c.idAt(a, second-int64(age)) == id
}
