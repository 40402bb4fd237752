package peerwire

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleHandshake() ExtendedHandshake {
	return ExtendedHandshake{
		M:            Extensions{MetadataName: 3, PEXName: 1},
		V:            "Shoal 0.1",
		P:            6881,
		YourIP:       netip.MustParseAddr("192.0.2.1"),
		IPv4:         netip.MustParseAddr("192.0.2.2"),
		IPv6:         netip.MustParseAddr("2001:db8::1"),
		Reqq:         250,
		MetadataSize: 31235,
		UploadOnly:   true,
		Encrypt:      true,
		Extra:        map[string][]byte{"complete_ago": []byte("i5e")},
	}
}

func TestExtendedHandshakeOnTheWire(t *testing.T) {
	b := sampleHandshake().AppendTo([]byte("head"))
	require.Equal(t, "headd12:complete_agoi5e1:ei1e4:ipv44:\xc0\x00\x02\x024:ipv616:\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x01"+
		"1:md11:ut_metadatai3e6:ut_pexi1ee13:metadata_sizei31235e1:pi6881e4:reqqi250e11:upload_onlyi1e"+
		"1:v9:Shoal 0.16:yourip4:\xc0\x00\x02\x01e", string(b))
	h, err := ParseExtendedHandshake(b[4:])
	require.NoError(t, err)
	require.Equal(t, sampleHandshake(), h)
	require.Equal(t, "d1:mdee", string(ExtendedHandshake{}.AppendTo(nil)))
}

// The example of https://www.bittorrent.org/beps/bep_0010.html#handshake-message, sorted
// and unsorted.
func TestExtendedHandshakeOfBEP10(t *testing.T) {
	for _, in := range []string{
		"d1:md11:LT_metadatai1e7:\xc2\xb5T_PEXi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e",
		"d1:v13:\xc2\xb5Torrent 1.21:pi6881e1:md7:\xc2\xb5T_PEXi2e11:LT_metadatai1eee",
	} {
		h, err := ParseExtendedHandshake([]byte(in))
		require.NoError(t, err)
		require.Equal(t, ExtendedHandshake{M: Extensions{"LT_metadata": 1, "µT_PEX": 2}, P: 6881, V: "µTorrent 1.2"}, h)
	}
}

func TestExtendedHandshakeLeavesOutInvalidValues(t *testing.T) {
	for _, in := range []string{
		"de",
		"d1:m3:abc1:p3:abc1:vi5e6:youripi1e4:ipv4le4:ipv6dee",
		"d1:md1:ai-1e1:bi256e1:c1:xee",
		"d1:pi65536ee",
		"d1:pi-1ee",
		"d6:yourip5:abcdee",
		"d4:ipv416:abcdefghijklmnop4:ipv64:abcde",
		"d4:reqqi-5e13:metadata_sizei-1ee",
		"d13:metadata_sizei9223372036854775807ee",
		"d1:md" + fmt.Sprintf("%d:%s", maxExtensionName+1, strings.Repeat("x", maxExtensionName+1)) + "i1eee",
		"d1:v3:\x00\n\x1be",
	} {
		h, err := ParseExtendedHandshake([]byte(in))
		require.NoError(t, err, in)
		require.True(t, reflect.ValueOf(h).IsZero(), "%s: %+v", in, h)
	}
}

// Values at their limits count.
func TestExtendedHandshakeTakesTheLargestValues(t *testing.T) {
	name := strings.Repeat("x", maxExtensionName)
	h, err := ParseExtendedHandshake([]byte("d1:md1:ai0e1:bi255e" + fmt.Sprintf("%d:%s", len(name), name) + "i1ee1:pi65535ee"))
	require.NoError(t, err)
	require.Equal(t, ExtendedHandshake{M: Extensions{"a": 0, "b": 255, name: 1}, P: 65535}, h)
}

func TestExtendedHandshakeRefuses(t *testing.T) {
	for _, in := range []string{
		"", "x", "i1e", "le", "d", "d1:m", "d1:md", "0:",
		strings.Repeat("l", 1<<16), "d1:x" + strings.Repeat("d1:x", 1<<14),
		"d1:x" + strings.Repeat("l", 50) + strings.Repeat("e", 50) + "e",
		"d1:xl" + strings.Repeat("0:", 1<<14) + "ee",
		"d1:m18446744073709551615:e",
	} {
		_, err := ParseExtendedHandshake([]byte(in))
		requireProtocolError(t, err, Extended)
	}
}

func TestExtendedHandshakeIsBounded(t *testing.T) {
	var in strings.Builder
	in.WriteString("d1:md")
	for i := range 1000 {
		fmt.Fprintf(&in, "4:x%03di1e", i)
	}
	in.WriteString("e")
	for i := range 1000 {
		fmt.Fprintf(&in, "4:y%03di1e", i)
	}
	in.WriteString("1:v200:" + strings.Repeat("v", 200) + "e")
	h, err := ParseExtendedHandshake([]byte(in.String()))
	require.NoError(t, err)
	require.Len(t, h.M, maxExtensions)
	require.Len(t, h.Extra, maxExtra)
	require.Len(t, h.V, maxClientName)
}

func TestExtendedHandshakeSharesNoBytes(t *testing.T) {
	b := sampleHandshake().AppendTo(nil)
	h, err := ParseExtendedHandshake(b)
	require.NoError(t, err)
	clear(b)
	require.Equal(t, sampleHandshake(), h)
}

// FuzzExtendedHandshake checks that a parsed handshake, encoded and parsed again, is the
// same.
func FuzzExtendedHandshake(f *testing.F) {
	f.Add(sampleHandshake().AppendTo(nil))
	f.Add([]byte("d1:md11:LT_metadatai1e6:ut_pexi0eee"))
	f.Add([]byte("d6:yourip16:\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseExtendedHandshake(b)
		if err != nil {
			return
		}
		again, err := ParseExtendedHandshake(h.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(h, again) {
			t.Fatalf("%+v, again: %+v, %v", h, again, err)
		}
	})
}
