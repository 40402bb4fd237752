// Package item is about what the DHT stores for anybody: immutable items under the hash of
// their value, and mutable ones under a key, signed
// (https://www.bittorrent.org/beps/bep_0044.html).
//
// Values come in as bencode; items, targets and signatures go out. Nothing is kept, and the
// slices of an [Item] are those that were given. Functions may be called concurrently.
package item

import (
	"crypto/ed25519"
	"crypto/sha1"
	"errors"
	"strconv"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// MaxValue is the length of an encoded value, in bytes, that nodes store.
const MaxValue = 1000

// MaxSalt is the length of a salt, in bytes.
const MaxSalt = 64

// Errors of Check.
var (
	ErrTooBig    = errors.New("dht: the value has more than 1000 bytes")
	ErrSalt      = errors.New("dht: the salt has more than 64 bytes")
	ErrEncoding  = errors.New("dht: the value is not bencode with sorted keys")
	ErrSignature = errors.New("dht: the signature does not fit")
)

// An Item is a value, with a key and a signature if it is mutable.
type Item struct {
	Value []byte // one bencoded value

	// The rest is for mutable items.
	Key  []byte // ed25519 public key, 32 bytes; nil for an immutable item
	Salt []byte // up to 64 bytes; nil for none
	Seq  int64  // grows with each new value
	Sig  []byte // 64 bytes
}

// IsMutable reports whether the item has a key.
func (i *Item) IsMutable() bool { return i.Key != nil }

// Target returns where the item is stored.
func (i *Item) Target() nodeid.ID {
	if i.IsMutable() {
		return MutableTarget(i.Key, i.Salt)
	}
	return sha1.Sum(i.Value)
}

// MutableTarget returns where the items of a key and a salt are stored.
func MutableTarget(key, salt []byte) nodeid.ID {
	h := sha1.New()
	h.Write(key)
	h.Write(salt)
	return nodeid.ID(h.Sum(nil))
}

// Sign makes a mutable item. The value is bencode; the salt may be empty.
func Sign(private ed25519.PrivateKey, salt []byte, seq int64, value []byte) (Item, error) {
	i := Item{Value: value, Key: private.Public().(ed25519.PublicKey), Salt: salt, Seq: seq}
	err := i.checkSizes()
	if err != nil {
		return Item{}, err
	}
	i.Sig = ed25519.Sign(private, i.signed())
	return i, nil
}

// Check reports what is wrong with an item: the signature, an encoding that is not strict,
// or a length. An immutable one must be compared with the target that was asked for.
func (i *Item) Check() error {
	err := i.checkSizes()
	if err != nil {
		return err
	}
	if !i.IsMutable() {
		return nil
	}
	isSigned := len(i.Key) == ed25519.PublicKeySize && len(i.Sig) == ed25519.SignatureSize && ed25519.Verify(i.Key, i.signed(), i.Sig)
	if !isSigned {
		return ErrSignature
	}
	return nil
}

// checkSizes checks all but the signature, which takes most time.
func (i *Item) checkSizes() error {
	if len(i.Value) > MaxValue {
		return ErrTooBig
	}
	if len(i.Salt) > MaxSalt {
		return ErrSalt
	}
	_, err := bencode.Scan(i.Value, bencode.Options{MaxDepth: 30})
	if err != nil {
		return ErrEncoding
	}
	return nil
}

// signed returns the bytes that are signed
// (https://www.bittorrent.org/beps/bep_0044.html, "Signature Verification").
func (i *Item) signed() []byte {
	var b []byte
	if len(i.Salt) > 0 {
		b = bencode.AppendBytes(append(b, "4:salt"...), i.Salt)
	}
	b = append(b, "3:seqi"...)
	b = strconv.AppendInt(b, i.Seq, 10)
	b = append(b, "e1:v"...)
	return append(b, i.Value...)
}
