package mse

import (
	"crypto/rc4"
	"io"
	"math/big"
)

const (
	// keyLen is the number of bytes of a public key and of a shared secret.
	keyLen = 96

	// privateLen is the number of bytes of a private key. The specification says that more than
	// 160 bits do not add security, because of the prime's size.
	privateLen = 20

	// dropped is the number of bytes of a key stream that are not used.
	dropped = 1024
)

// The group of the key exchange.
var (
	generator = big.NewInt(2)
	prime, _  = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"+
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"+
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563", 16)
	largestKey = new(big.Int).Sub(prime, big.NewInt(2))
)

// A publicKey is sent as it is, and so long that leading zeros belong to it.
type publicKey [keyLen]byte

// isDegenerate reports whether a key is outside 2 to p-2. With such a key the secret would be one
// of a few numbers, whatever the other side does.
func (k publicKey) isDegenerate() bool {
	n := new(big.Int).SetBytes(k[:])
	return n.Cmp(generator) < 0 || n.Cmp(largestKey) > 0
}

// A privateKey is used for one exchange.
type privateKey struct{ n *big.Int }

// newPrivateKey returns a random key.
func newPrivateKey(random io.Reader) (privateKey, error) {
	var b [privateLen]byte
	_, err := io.ReadFull(random, b[:])
	return privateKey{new(big.Int).SetBytes(b[:])}, err
}

// public returns the public key that belongs to k.
func (k privateKey) public() (p publicKey) {
	new(big.Int).Exp(generator, k.n, prime).FillBytes(p[:])
	return p
}

// secret returns what both sides know and nobody else.
func (k privateKey) secret(theirs publicKey) (s [keyLen]byte) {
	n := new(big.Int).SetBytes(theirs[:])
	n.Exp(n, k.n, prime).FillBytes(s[:])
	return s
}

// newCipher returns the key stream of one direction: "keyA" is that of the initiator, "keyB" that
// of the other side.
func newCipher(name string, secret [keyLen]byte, id [20]byte) (*rc4.Cipher, error) {
	key := hash(name, secret[:], id[:])
	c, err := rc4.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	var skip [dropped]byte
	c.XORKeyStream(skip[:], skip[:])
	return c, nil
}
