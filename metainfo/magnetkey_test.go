package metainfo_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

const (
	keyHex = "8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e"
	btpk   = "xs=urn:btpk:" + keyHex
)

// The links of the vectors of BEP 46. Their targets are tests of module dht.
func TestMagnetKey(t *testing.T) {
	key, err := hex.DecodeString(keyHex)
	require.NoError(t, err)
	for in, salt := range map[string][]byte{
		"magnet:?" + btpk:                                                 nil,
		"magnet:?" + btpk + "&s=6e":                                       []byte("n"),
		"magnet:?s=6E&" + strings.ToUpper(btpk):                           []byte("n"),
		"magnet:?xs.1=urn%3Abtpk%3A" + keyHex + "&s.1=6e&s=6e":            []byte("n"),
		"magnet:?" + btpk + "&s=":                                         nil,
		"magnet:?" + btpk + "&" + btpk + "&s=" + strings.Repeat("00", 64): make([]byte, 64),
	} {
		m, err := metainfo.ParseMagnet(in)
		require.NoError(t, err, in)
		require.True(t, m.HasKey())
		require.Equal(t, [32]byte(key), m.PublicKey)
		require.Equal(t, salt, m.Salt, in)
		require.Empty(t, m.IDs())
		require.Empty(t, m.Sources)
		require.Empty(t, m.Warnings)
		again, err := metainfo.ParseMagnet(m.String())
		require.NoError(t, err)
		require.Equal(t, m, again)
	}
	m := &metainfo.Magnet{PublicKey: [32]byte(key), Salt: []byte("n")}
	require.Equal(t, "magnet:?"+btpk+"&s=6e", m.String())
}

// A link may have a hash and a key, and sources of other kinds.
func TestMagnetKeyBesideHash(t *testing.T) {
	v1, _ := hashes()
	m, err := metainfo.ParseMagnet("magnet:?" + btih + "&" + btpk + "&xs=http://x/f.torrent&s=6e&xs=urn:other:1")
	require.NoError(t, err)
	require.Equal(t, v1, m.HashV1)
	require.True(t, m.HasKey())
	require.Equal(t, []string{"http://x/f.torrent", "urn:other:1"}, m.Sources)
	require.Equal(t, "magnet:?"+btih+"&"+btpk+"&s=6e&xs=http%3A%2F%2Fx%2Ff.torrent&xs=urn%3Aother%3A1", m.String())
}

// A key that is not right is an error if the link has nothing else, and a warning if it has a
// hash. Neither is used without the other, because a salt makes it another torrent.
func TestMagnetKeyFaults(t *testing.T) {
	other := strings.Repeat("1", 64)
	for _, test := range []struct{ in, part, reason string }{
		{"xs=urn:btpk:", "xs", "a public key has 64 hexadecimal digits"},
		{"xs=urn:btpk:" + keyHex[1:], "xs", "64 hexadecimal digits"},
		{"xs=urn:btpk:" + keyHex + "0", "xs", "64 hexadecimal digits"},
		{"xs=urn:btpk:" + strings.Repeat("g", 64), "xs", "64 hexadecimal digits"},
		{"xs=urn:btpk:" + strings.Repeat("0", 64), "xs", "the public key is zero"},
		{btpk + "&xs=urn:btpk:" + other, "xs", "there are two public keys; a link names one torrent"},
		{btpk + "&s=6", "s", "a salt has hexadecimal digits, two for each byte"},
		{"s=zz&" + btpk, "s", "two for each byte"},
		{btpk + "&s=%zz", "s", "invalid URL escape"},
		{btpk + "&s=" + strings.Repeat("00", 65), "s", "a salt has up to 64 bytes, not 65"},
		{btpk + "&s=6e&s=6f", "s", "there are two salts; a link names one torrent"},
	} {
		_, err := metainfo.ParseMagnet("magnet:?" + test.in)
		require.ErrorAs(t, err, new(*metainfo.InvalidError), test.in)
		require.ErrorContains(t, err, "magnet link: "+test.part+": ")
		require.ErrorContains(t, err, test.reason)
		m, err := metainfo.ParseMagnet("magnet:?" + test.in + "&" + btih)
		require.NoError(t, err, test.in)
		require.False(t, m.HasKey())
		require.Nil(t, m.Salt)
		require.Len(t, m.Warnings, 1)
		require.Equal(t, test.part, m.Warnings[0].Part)
		require.Contains(t, m.Warnings[0].Reason, test.reason)
		require.Contains(t, m.Warnings[0].Reason, "; the key is left out")
	}
	for _, in := range []string{"s=zz", "s=6e", "s=%zz"} {
		m, err := metainfo.ParseMagnet("magnet:?" + btih + "&" + in)
		require.NoError(t, err)
		require.Nil(t, m.Salt, "a salt without a key is of another network")
		require.Empty(t, m.Warnings)
		_, err = metainfo.ParseMagnet("magnet:?" + in)
		require.ErrorContains(t, err, "it has no info hash")
	}
}
