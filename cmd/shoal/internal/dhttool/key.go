package dhttool

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
)

// maxKeyFile bounds the file of a key, in bytes.
const maxKeyFile = 1000

// privateKey returns the private key of a file, which it makes if isNew is set. It never
// changes a file that exists.
func privateKey(name string, isNew bool, p *Program) (ed25519.PrivateKey, error) {
	if isNew {
		return makeKey(name)
	}
	return readKey(name, p)
}

// public returns the public key of a private one.
func public(private ed25519.PrivateKey) []byte { return private.Public().(ed25519.PublicKey) }

// makeKey writes a new key to a new file, which its owner alone may read.
func makeKey(name string) (ed25519.PrivateKey, error) {
	var seed [ed25519.SeedSize]byte
	rand.Read(seed[:])
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, advice.New(fmt.Errorf("%s: the file exists, and a key is never overwritten", name), "Leave --new-key out to use it, or name another file.")
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(seed[:]))
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(name)
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed[:]), nil
}

// readKey reads the key of a file. Errors do not show what is in it.
func readKey(name string, p *Program) (ed25519.PrivateKey, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, advice.New(err, "Check the path, or make a new key with --new-key.")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		p.Warn("others may read the private key in %s; run: chmod 600 %s", name, shell.Path(name))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, advice.New(fmt.Errorf("%s is not the file of a private key", name), "Such a file has 64 hexadecimal digits. Make one with --new-key.")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}
