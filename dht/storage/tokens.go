package storage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"time"
)

// tokenPeriod is how long a token is made, and again how long it is taken after that: it is
// valid for 5 to 10 minutes.
const tokenPeriod = 5 * time.Minute

// Tokens make and check tokens, and remember none of them. The zero Tokens is not secret.
type Tokens struct {
	Secret [32]byte
}

// A Token proves that who has it received something at an address.
type Token [8]byte

// For returns the token of an address.
func (t *Tokens) For(now time.Time, a netip.Addr) Token { return t.of(period(now), a) }

// Valid reports whether a token was made for an address less than 5 to 10 minutes ago.
func (t *Tokens) Valid(now time.Time, token []byte, a netip.Addr) bool {
	p := period(now)
	fresh, old := t.of(p, a), t.of(p-1, a)
	return subtle.ConstantTimeCompare(token, fresh[:])|subtle.ConstantTimeCompare(token, old[:]) == 1
}

func period(now time.Time) int64 { return now.Unix() / int64(tokenPeriod/time.Second) }

func (t *Tokens) of(period int64, a netip.Addr) (token Token) {
	ip := a.As16()
	var b [32 + 8 + 16]byte
	copy(b[:], t.Secret[:])
	binary.BigEndian.PutUint64(b[32:], uint64(period))
	copy(b[40:], ip[:])
	sum := sha256.Sum256(b[:])
	copy(token[:], sum[:])
	return token
}
