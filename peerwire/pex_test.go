package peerwire

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// at returns the address s with flags.
func at(s string, flags uint8) swarm.Address {
	return swarm.Address{AddrPort: netip.MustParseAddrPort(s), Flags: flags}
}

func TestPEXOnTheWire(t *testing.T) {
	p := PEX{
		Added:   []swarm.Address{at("192.0.2.1:258", swarm.Seed), at("192.0.2.2:1", 0), at("[2001:db8::1]:2", swarm.UTP|0x10)},
		Dropped: []swarm.Address{at("192.0.2.3:3", 0), at("[2001:db8::2]:4", 0)},
	}
	six := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11)
	want := "d5:added12:\xc0\x00\x02\x01\x01\x02\xc0\x00\x02\x02\x00\x01" +
		"7:added.f2:\x02\x00" +
		"6:added618:" + six + "\x01\x00\x02" +
		"8:added6.f1:\x14" +
		"7:dropped6:\xc0\x00\x02\x03\x00\x03" +
		"8:dropped618:" + six + "\x02\x00\x04e"
	require.Equal(t, "head"+want, string(p.AppendTo([]byte("head"))))
	got, err := ParsePEX([]byte(want))
	require.NoError(t, err)
	require.Equal(t, p, got)

	require.Equal(t, "d5:added0:7:added.f0:e", string(PEX{}.AppendTo(nil)))
	mapped := PEX{Added: []swarm.Address{at("[::ffff:192.0.2.2]:1", 0)}}
	require.Equal(t, "d5:added6:\xc0\x00\x02\x02\x00\x017:added.f1:\x00e", string(mapped.AppendTo(nil)))
}

func TestPEXLeavesOutInvalidAddresses(t *testing.T) {
	for in, want := range map[string]PEX{
		"de":                              {},
		"d5:addedi1e8:dropped6lee":        {},
		"d5:added5:\x01\x02\x03\x04\x05e": {},
		"d5:added7:\x01\x02\x03\x04\x05\x06\x07e":                                         {Added: []swarm.Address{at("1.2.3.4:1286", 0)}},
		"d7:added.f1:\x02e":                                                               {},
		"d7:added.fi2e5:added6:\x01\x02\x03\x04\x05\x06e":                                 {Added: []swarm.Address{at("1.2.3.4:1286", 0)}},
		"d5:added6:\x01\x02\x03\x04\x00\x00e":                                             {LeftOut: 1},
		"d5:added6:\x00\x00\x00\x00\x00\x01e":                                             {LeftOut: 1},
		"d5:added6:\xe0\x00\x00\x01\x00\x01e":                                             {LeftOut: 1},
		"d5:added12:\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04\x05\x067:added.f2:\x01\x02e": {Added: []swarm.Address{at("1.2.3.4:1286", 2)}, LeftOut: 1},
	} {
		got, err := ParsePEX([]byte(in))
		require.NoError(t, err, "%q", in)
		require.Equal(t, want, got, "%q", in)
	}
	for _, in := range []string{"", "le", "i1e", "d5:added6:abc", strings.Repeat("l", 1<<16), "d1:xl" + strings.Repeat("le", 1<<10) + "ee"} {
		_, err := ParsePEX([]byte(in))
		requireProtocolError(t, err, Extended)
	}
}

func TestPEXIsBounded(t *testing.T) {
	four := fmt.Sprintf("%d:%s", 6*10000, strings.Repeat("\x01\x02\x03\x04\x05\x06", 10000))
	p, err := ParsePEX([]byte("d5:added" + four + "7:dropped" + four + "e"))
	require.NoError(t, err)
	require.Len(t, p.Added, maxParsedPEX)
	require.Len(t, p.Dropped, maxParsedPEX)
	require.Equal(t, 2*(10000-maxParsedPEX), p.LeftOut)
}

func TestPEXAppendToAllocatesNothing(t *testing.T) {
	p := PEX{Added: []swarm.Address{at("192.0.2.1:258", 0), at("[2001:db8::1]:2", 0)}}
	b := p.AppendTo(nil)
	require.Zero(t, testing.AllocsPerRun(100, func() { b = p.AppendTo(b[:0]) }))
}

// FuzzPEX checks that a parsed message, encoded and parsed again, is the same.
func FuzzPEX(f *testing.F) {
	f.Add([]byte("d5:added12:\xc0\x00\x02\x01\x01\x02\xc0\x00\x02\x02\x00\x017:added.f2:\x02\x00e"))
	f.Add([]byte("d6:added618:\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04\x05\x06e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePEX(b)
		if err != nil {
			return
		}
		// AppendTo writes IPv4 peers first, also those that came under an IPv6 key.
		once, err := ParsePEX(p.AppendTo(nil))
		if err != nil || len(once.Added) != len(p.Added) || len(once.Dropped) != len(p.Dropped) {
			t.Fatalf("%v, again: %v, %v", p, once, err)
		}
		again, err := ParsePEX(once.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(once, again) {
			t.Fatalf("%v, again: %v, %v", once, again, err)
		}
	})
}
