package item_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/stretchr/testify/require"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// A value that can be changed by who has the private key alone.
func Example() {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	i, err := item.Sign(private, []byte("news"), 1, []byte("5:hello"))
	fmt.Println(err, i.Check())
	i.Seq = 2
	fmt.Println(i.Check())
	// Output:
	// <nil> <nil>
	// dht: the signature does not fit
}

// The vectors of BEP 44.
func TestVectors(t *testing.T) {
	key := unhex(t, "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
	value := []byte("12:Hello World!")
	for _, v := range []struct{ salt, target, sig string }{
		{"", "4a533d47ec9c7d95b1ad75f576cffc641853b750",
			"305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"},
		{"foobar", "411eba73b6f087ca51a3795d9c8c938d365e32c1",
			"6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"},
	} {
		i := item.Item{Value: value, Key: key, Salt: []byte(v.salt), Seq: 1, Sig: unhex(t, v.sig)}
		require.NoError(t, i.Check())
		require.Equal(t, v.target, i.Target().String())
		for n := range i.Sig {
			other := i
			other.Sig = bytes.Clone(i.Sig)
			other.Sig[n] ^= 1
			require.ErrorIs(t, other.Check(), item.ErrSignature)
		}
	}
	immutable := item.Item{Value: value}
	require.NoError(t, immutable.Check())
	require.Equal(t, "e5f96f6f38320f0f33959cb4d3d656452117aadb", immutable.Target().String())
}

// The targets of BEP 46.
func TestMutableTarget(t *testing.T) {
	key := unhex(t, "8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e")
	require.Equal(t, "cc3f9d90b572172053626f9980ce261a850d050b", item.MutableTarget(key, nil).String())
	require.Equal(t, "59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f", item.MutableTarget(key, unhex(t, "6e")).String())
}

func TestCheck(t *testing.T) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	long := []byte("996:" + strings.Repeat("x", 996))
	i, err := item.Sign(private, make([]byte, 64), 1, long)
	require.NoError(t, err)
	require.NoError(t, i.Check())
	_, err = item.Sign(private, nil, 1, []byte("997:"+strings.Repeat("x", 997)))
	require.ErrorIs(t, err, item.ErrTooBig)
	_, err = item.Sign(private, make([]byte, 65), 1, long)
	require.ErrorIs(t, err, item.ErrSalt)
	for _, v := range []string{"", "x", "d1:bi1e1:ai1ee", "i01e", "1:xy", strings.Repeat("l", 40) + strings.Repeat("e", 40)} {
		i := item.Item{Value: []byte(v)}
		require.ErrorIs(t, i.Check(), item.ErrEncoding, v)
	}
	for _, key := range [][]byte{{}, make([]byte, 31), make([]byte, 33)} {
		i.Key = key
		require.ErrorIs(t, i.Check(), item.ErrSignature)
	}
}
