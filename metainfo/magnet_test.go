package metainfo_test

import (
	"encoding/base32"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	v1hex = "c0fda1edafdbdbb96443424e0b3899af7159d10e"
	v2hex = "95e04d0c4bad94ab206efa884666fd89777dbe4f7bd9945af1829037a85c6192"
	btih  = "xt=urn:btih:" + v1hex
	btmh  = "xt=urn:btmh:1220" + v2hex
)

func hashes() (v1 [20]byte, v2 [32]byte) {
	a, _ := hex.DecodeString(v1hex)
	b, _ := hex.DecodeString(v2hex)
	return [20]byte(a), [32]byte(b)
}

func TestMagnetHashes(t *testing.T) {
	v1, v2 := hashes()
	b32 := base32.StdEncoding.EncodeToString(v1[:])
	for _, s := range []string{
		"magnet:?" + btih,
		"MAGNET:?XT=URN:BTIH:" + strings.ToUpper(v1hex),
		"magnet:?xt=urn:btih:" + b32,
		" magnet:?xt=urn:btih:" + strings.ToLower(b32) + "\n",
		"magnet:?xt.1=urn:btih:" + v1hex + "&xt.2=urn:sha1:XXXX",
		"magnet:?dn=x&xt=urn%3Abtih%3A" + v1hex,
		"magnet:?" + btih + "&" + btih,
		"magnet:" + btih,
	} {
		m, err := metainfo.ParseMagnet(s)
		require.NoError(t, err, s)
		require.Equal(t, v1, m.HashV1, s)
		require.Equal(t, []swarm.ID{v1}, m.IDs())
	}
	m, err := metainfo.ParseMagnet("magnet:?" + btmh)
	require.NoError(t, err)
	require.Equal(t, v2, m.HashV2)
	require.Equal(t, []swarm.ID{swarm.ID(v2[:20])}, m.IDs())
	m, err = metainfo.ParseMagnet("magnet:?" + strings.ToUpper(btmh) + "&" + btih)
	require.NoError(t, err)
	require.Equal(t, []swarm.ID{v1, swarm.ID(v2[:20])}, m.IDs())
}

func TestMagnetKeys(t *testing.T) {
	m, err := metainfo.ParseMagnet("magnet:?" + btih + "&dn=a+b%20c&xl=123&tr=http%3A%2F%2Ft%2Fa%3Fx%3D1&tr.1=udp://u:1&tr=udp://u:1&tr=" +
		"&ws=http://w/&xs=http://x/f.torrent&as=http://as/&kt=one+two&kt=c%2B%2B&x.pe=1.2.3.4:5&x.pe=[::1]:6&x.pe=host:7&x.pe=bad&x.pe=h:0" +
		"&so=0,2,4,6-8&unknown=1&x.foo=2&tr.x=no&novalue&=&xl.3=-1")
	require.NoError(t, err)
	v1, _ := hashes()
	require.Equal(t, &metainfo.Magnet{
		HashV1:     v1,
		Name:       "a b c",
		Length:     123,
		Trackers:   []string{"http://t/a?x=1", "udp://u:1"},
		WebSeeds:   []string{"http://w/"},
		Sources:    []string{"http://x/f.torrent"},
		Acceptable: []string{"http://as/"},
		Keywords:   []string{"one", "two", "c++"},
		Peers:      []string{"1.2.3.4:5", "[::1]:6", "host:7"},
		Select:     []metainfo.Range{{0, 0}, {2, 2}, {4, 4}, {6, 8}},
		Warnings: []metainfo.Warning{
			{"x.pe", `"bad" is not host:port; it is left out`, 2},
			{"xl", `"-1" is not a number of bytes; it is left out`, 1},
		},
	}, m)
	require.True(t, m.Selects(7))
	require.False(t, m.Selects(5))
	again, err := metainfo.ParseMagnet(m.String())
	require.NoError(t, err)
	m.Warnings = nil
	require.Equal(t, m, again)
	require.Contains(t, m.String(), "dn=a%20b%20c")
	require.Contains(t, m.String(), "kt=one+two+c%2B%2B")
	require.Contains(t, m.String(), "so=0,2,4,6-8")
	all, err := metainfo.ParseMagnet("magnet:?" + btih)
	require.NoError(t, err)
	require.True(t, all.Selects(99))
}

func TestMagnetFaults(t *testing.T) {
	for _, test := range []struct{ in, fault string }{
		{"", "does not start"},
		{"http://x", "does not start"},
		{"magnet:", "no info hash"},
		{"magnet:?dn=x", "no info hash"},
		{"magnet:?xt=urn:sha1:" + v1hex, "no info hash"},
		{"magnet:?xt=urn:btih:" + v1hex[1:], "xt: a v1 info hash has 40 or 32 digits, not 39"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("g", 40), "xt: v1 info hash"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("1", 32), "xt: v1 info hash"},
		{"magnet:?xt=urn:btih:" + strings.Repeat("0", 40), "is zero"},
		{"magnet:?xt=urn:btmh:1220" + strings.Repeat("0", 64), "is zero"},
		{"magnet:?xt=urn:btmh:" + v2hex, "not a SHA-256"},
		{"magnet:?xt=urn:btmh:1320" + v2hex, "not a SHA-256"},
		{"magnet:?xt=urn:btmh:1220" + v2hex[2:], "not a SHA-256"},
		{"magnet:?xt=urn:btmh:zz", "xt: v2 info hash"},
		{"magnet:?" + btih + "&xt=urn:btih:" + strings.Repeat("1", 40), "two v1 info hashes"},
		{"magnet:?" + btmh + "&xt=urn:btmh:1220" + strings.Repeat("1", 64), "two v2 info hashes"},
		{"magnet:?" + strings.Repeat("x", 1<<20), "more than 1048576 bytes"},
	} {
		_, err := metainfo.ParseMagnet(test.in)
		var invalid *metainfo.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.ErrorContains(t, err, "metainfo: magnet link: ")
		require.ErrorContains(t, err, test.fault)
	}
}

// One bad parameter does not spoil the others.
func TestMagnetWarnings(t *testing.T) {
	v1, _ := hashes()
	for _, test := range []struct{ in, part, reason string }{
		{"dn=%zz", "dn", "invalid URL escape"},
		{"tr=udp%3A%2F%http://a&tr=http://good", "tr", "invalid URL escape"},
		{"so=1,x", "so", `"x" is not a range of files`},
		{"so=3-1", "so", `"3-1" is not a range`},
		{"so=-1", "so", `"-1" is not a range`},
		{"so=1-4294967296", "so", "is not a range"},
		{"so=" + strings.Repeat("1,", 10_000) + "1", "so", "more than 10000 ranges"},
		{"xl=many", "xl", `"many" is not a number of bytes`},
		{"xl=%", "xl", "invalid URL escape"},
		{"x.pe=:0", "x.pe", `":0" is not host:port`},
		{"xt=urn:btmh:11141234", "xt", "not a SHA-256"},
		{"xt=urn:btih:%zz", "xt", "invalid URL escape"},
		{"xt=urn:btih:123", "xt", "40 or 32 digits"},
	} {
		for _, s := range []string{"magnet:?" + btih + "&dn=kept&" + test.in, "magnet:?" + test.in + "&" + btih + "&ws=http://kept"} {
			m, err := metainfo.ParseMagnet(s)
			require.NoError(t, err, s)
			require.Equal(t, v1, m.HashV1)
			require.True(t, m.Name == "kept" || len(m.WebSeeds) == 1, s)
			require.Len(t, m.Warnings, 1, s)
			require.Equal(t, test.part, m.Warnings[0].Part)
			require.Contains(t, m.Warnings[0].Reason, test.reason)
		}
	}
	m, err := metainfo.ParseMagnet("magnet:?" + btih + "&so=1,x,5-4,7&%zz=%zz&foo=%zz")
	require.NoError(t, err)
	require.Equal(t, []metainfo.Range{{1, 1}, {7, 7}}, m.Select, "the good ranges are used")
	require.Equal(t, `so: "x" is not a range of files; it is left out`, m.Warnings[0].String())
	require.Len(t, m.Warnings, 1, "nobody misses a key that nobody knows")
}

func TestMagnetLimitsValuesOfAKind(t *testing.T) {
	var b strings.Builder
	b.WriteString("magnet:?" + btih)
	for n := range 50_000 {
		b.WriteString("&tr=" + strconv.Itoa(n))
	}
	m, err := metainfo.ParseMagnet(b.String())
	require.NoError(t, err)
	require.Len(t, m.Trackers, 1000)
}

// A link does not have a host attacked at all of its ports.
func TestMagnetLimitsPortsOfAHost(t *testing.T) {
	var b strings.Builder
	b.WriteString("magnet:?" + btih)
	for n := range 1000 {
		for _, host := range []string{"192.0.2.1", "[::ffff:192.0.2.1]", "[2001:db8::1]", "[2001:DB8:0::1]", "victim.example", "Victim.example"} {
			b.WriteString("&x.pe=" + host + ":" + strconv.Itoa(n/2+1))
		}
	}
	b.WriteString("&x.pe=192.0.2.2:1")
	m, err := metainfo.ParseMagnet(b.String())
	require.NoError(t, err)
	require.Len(t, m.Peers, 3*8+1)
	require.Equal(t, "192.0.2.2:1", m.Peers[24])
	require.Len(t, m.Warnings, 1)
	require.Contains(t, m.Warnings[0].String(), "there are more than 8 ports of one host; it is left out")
}

func TestMagnetOfATorrent(t *testing.T) {
	tor := build(t, builder.Options{Format: metainfo.Hybrid, Tiers: [][]string{{"http://a/", "http://b/"}, {"udp://c:1"}}, WebSeeds: []string{"http://w/"}}, sample.Folder())
	m := tor.Magnet()
	require.Equal(t, tor.IDs(), m.IDs())
	require.Equal(t, []string{"http://a/", "http://b/", "udp://c:1"}, m.Trackers)
	require.Equal(t, "folder", m.Name)
	require.Equal(t, tor.Info.ContentLength(), m.Length)
	again, err := metainfo.ParseMagnet(m.String())
	require.NoError(t, err)
	require.Equal(t, m, again)
}

func TestParseInfoHash(t *testing.T) {
	v1, v2 := [20]byte{0xab}, [32]byte{0xab}
	hex1, hex2 := "aB"+strings.Repeat("0", 38), "aB"+strings.Repeat("0", 62)
	for text, want := range map[string]metainfo.Magnet{
		hex1:                               {HashV1: v1},
		"vmaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": {HashV1: v1},
		hex2:                               {HashV2: v2},
		"1220" + hex2:                      {HashV2: v2},
	} {
		got, err := metainfo.ParseInfoHash(text)
		require.NoError(t, err, text)
		require.Equal(t, &want, got)
	}
	for _, text := range []string{"", "ab", strings.Repeat("0", 40), strings.Repeat("0", 64), strings.Repeat("z", 40), "1120" + hex2, hex1 + " "} {
		_, err := metainfo.ParseInfoHash(text)
		require.ErrorAs(t, err, new(*metainfo.InvalidError), text)
	}
}
