package metainfo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// maxSalt is the length of a salt, in bytes
// (https://www.bittorrent.org/beps/bep_0044.html, "Mutable items").
const maxSalt = 64

// keyPrefix begins an exact source that is a public key
// (https://www.bittorrent.org/beps/bep_0046.html, "Magnet link").
const keyPrefix = "urn:btpk:"

// HasKey reports whether the link has a public key.
func (m *Magnet) HasKey() bool { return m.PublicKey != [32]byte{} }

// A keyReader reads the key and the salt of a link. Both are used or neither is, because
// with another salt the key names another torrent.
type keyReader struct {
	seen  bool   // there is a key, right or wrong
	part  string // that is wrong
	fault error  // the first
}

// take reads a parameter if it is a key or a salt. err is what is wrong with its escapes.
func (k *keyReader) take(m *Magnet, name, text string, err error) (taken bool) {
	isKey := name == "xs" && len(text) >= len(keyPrefix) && strings.EqualFold(text[:len(keyPrefix)], keyPrefix)
	if !isKey && name != "s" {
		return false
	}
	k.seen = k.seen || isKey
	switch {
	case err != nil || text == "":
	case isKey:
		err = m.putKey(text[len(keyPrefix):])
	default:
		err = m.putSalt(text)
	}
	if err != nil && k.fault == nil {
		k.part, k.fault = name, err
	}
	return true
}

// finish leaves a key and a salt out that are not right, with a warning, and returns what is
// wrong with them.
func (k *keyReader) finish(m *Magnet, warn *warnings) error {
	if k.seen && k.fault == nil {
		return nil
	}
	m.PublicKey, m.Salt = [32]byte{}, nil
	if !k.seen { // "s" may be of another network
		return nil
	}
	warn.add(k.part, "%v; the key is left out", k.fault)
	return fmt.Errorf("%s: %w", k.part, k.fault)
}

// putKey adds a public key.
func (m *Magnet) putKey(text string) error {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil || len(b) != len(m.PublicKey):
		return errors.New("a public key has 64 hexadecimal digits")
	case [32]byte(b) == [32]byte{}:
		return errors.New("the public key is zero")
	case m.HasKey() && m.PublicKey != [32]byte(b):
		return fmt.Errorf("there are two public keys; %w", errTwoHashes)
	}
	m.PublicKey = [32]byte(b)
	return nil
}

// putSalt adds a salt.
func (m *Magnet) putSalt(text string) error {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	switch {
	case err != nil:
		return errors.New("a salt has hexadecimal digits, two for each byte")
	case len(b) > maxSalt:
		return fmt.Errorf("a salt has up to %d bytes, not %d", maxSalt, len(b))
	case m.Salt != nil && string(m.Salt) != string(b):
		return fmt.Errorf("there are two salts; %w", errTwoHashes)
	}
	if len(b) > 0 {
		m.Salt = b
	}
	return nil
}
