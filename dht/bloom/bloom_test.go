package bloom_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/dht/bloom"
	"github.com/stretchr/testify/require"
)

// Two nodes know of some peers each, and of one both.
func Example() {
	var a, b bloom.Filter
	a.Add(netip.MustParseAddr("192.0.2.1"))
	a.Add(netip.MustParseAddr("192.0.2.2"))
	b.Add(netip.MustParseAddr("192.0.2.2"))
	b.Add(netip.MustParseAddr("2001:db8::1"))
	a.Union(&b)
	fmt.Printf("%.0f peers\n", a.Estimate())
	// Output: 3 peers
}

// vector is the filter of BEP 33's test.
const vector = "F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75EE7CCBAE" +
	"FE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1BDF59DB53DBE9FA5B" +
	"7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE148246C2BC5DBFF7E7EFDCF24F" +
	"D8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81FC7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3" +
	"FA1FC77BFE07FFF905B7B7FFC7FEFEFFE0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5" +
	"BFAF2E9EBFFFFEECD67ADBF7C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB57" +
	"62ABE8FF237279BFEFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6" +
	"FD8F72EF"

// The vector of BEP 33: 192.0.2.0 to 192.0.2.255 and 2001:db8:: to 2001:db8::3e7.
func TestVector(t *testing.T) {
	var f bloom.Filter
	for i := range 256 {
		f.Add(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	for i := range 0x3e8 {
		f.Add(netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 14: byte(i >> 8), 15: byte(i)}))
	}
	want, err := hex.DecodeString(vector)
	require.NoError(t, err)
	require.Equal(t, want, f[:])
	require.InDelta(t, 1224.9308, f.Estimate(), 0.0001)
	require.True(t, f.Has(netip.MustParseAddr("::ffff:192.0.2.7")))
}

func TestEnds(t *testing.T) {
	var f bloom.Filter
	require.Zero(t, f.Estimate())
	require.False(t, f.Has(netip.MustParseAddr("1.2.3.4")))
	for i := range f {
		f[i] = 0xff
	}
	require.Greater(t, f.Estimate(), 6000.0, "a full one is no infinity")
	require.Less(t, f.Estimate(), 10000.0)
}
