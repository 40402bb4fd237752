package metainfo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// FuzzParse reads torrents, writes them, and reads the same again. A torrent that is
// accepted must have safe paths, and Verify must not panic.
func FuzzParse(f *testing.F) {
	addTorrents(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		tor, err := metainfo.Parse(b)
		if err != nil {
			return
		}
		require.NoError(t, sample.CheckPaths(tor.Info))
		seen := make(map[string]bool)
		for _, f := range tor.Info.ExistingFiles(func(string) bool { return true }) {
			if !fs.ValidPath(f.Path) || (seen[f.Path] && !f.Pad) {
				t.Fatalf("%q is not valid or there twice", f.Path)
			}
			seen[f.Path] = seen[f.Path] || !f.Pad
		}
		out, err := tor.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := metainfo.Parse(out)
		if err != nil {
			t.Fatalf("the written torrent is refused: %v", err)
		}
		if !reflect.DeepEqual(withoutWarnings(tor), withoutWarnings(again)) {
			t.Fatalf("the written torrent reads as another one")
		}
		i := tor.Info
		g := i.Geometry()
		for _, p := range []int{0, g.Pieces() / 2, g.Pieces() - 1} {
			if g.PieceLen(p) > 1<<20 {
				continue
			}
			i.Verify([]swarm.Verdict{{Piece: p, Stored: zeroReader{}}})
			for entry, span := range i.FilesOf(p) {
				if span.Offset < 0 || span.Length <= 0 || span.End() > i.Entries[entry].Length {
					t.Fatalf("piece %d has %+v of file %d", p, span, entry)
				}
			}
		}
	})
}

// addTorrents adds torrents of all kinds.
func addTorrents(f *testing.F) {
	for _, format := range sample.Formats {
		tor := build(f, builder.Options{Format: format, PieceLength: 16 << 10, Tiers: [][]string{{"a", "b"}, {"c"}}, Nodes: []string{"h:1"}}, sample.Folder())
		b, err := tor.Bytes()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(enc(dict{"info": minimal(), "url-list": "x", "announce-list": list{"x"}, "comment": "c"})))
	f.Add([]byte(enc(dict{"info": folder(list{".."}, list{"a"}, list{"A"}, list{"a", "b"})})))
	f.Add([]byte(enc(dict{"encoding": "GBK", "info": folder(list{"\xc4\xe3\u202e"}, list{"b\u202d", "\xff"}, list{"b", "_"}, list{})})))
	cases, _ := filepath.Glob("testdata/cases/*.torrent")
	for _, p := range cases {
		b, err := os.ReadFile(p)
		require.NoError(f, err)
		f.Add(b)
	}
	if dir := os.Getenv("SHOAL_CORPUS"); dir != "" {
		paths, _ := filepath.Glob(filepath.Join(dir, "torrents", "*", "*.torrent"))
		for _, p := range paths {
			if b, err := os.ReadFile(p); err == nil && len(b) < 10_000 {
				f.Add(b)
			}
		}
	}
}

type zeroReader struct{}

func (zeroReader) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// FuzzParseMagnet reads links, writes them, and reads the same again.
func FuzzParseMagnet(f *testing.F) {
	f.Add("magnet:?" + btih + "&" + btmh + "&dn=a+b&xl=5&tr=http%3A%2F%2Fx&kt=a+b&so=1-3&x.pe=h:1&ws=w&xs=x&as=y")
	f.Add("magnet:?xs=urn:btpk:8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e&s=6e")
	f.Add("magnet:?xs.1=URN:BTPK:1&s=&s=6&xs=urn%3abtpk%3A&s.2=zz&xt=urn:btih:" + v1hex)
	f.Add("magnet:?xt.1=urn:btih:MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := metainfo.ParseMagnet(s)
		if err != nil {
			return
		}
		if len(m.IDs()) == 0 && !m.HasKey() {
			t.Fatalf("%q names nothing", s)
		}
		if len(m.Salt) > 64 || (len(m.Salt) > 0 && !m.HasKey()) {
			t.Fatalf("%q has the salt %x", s, m.Salt)
		}
		m.Warnings = nil
		again, err := metainfo.ParseMagnet(m.String())
		if err != nil {
			t.Fatalf("%q is refused: %v", m.String(), err)
		}
		if !reflect.DeepEqual(m, again) {
			t.Fatalf("%q reads as %+v, want %+v", m.String(), again, m)
		}
	})
}

// FuzzParseInfoHash reads info hashes, and reads the links of those again.
func FuzzParseInfoHash(f *testing.F) {
	f.Add("0123456789abcdef0123456789ABCDEF01234567")
	f.Add("MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U")
	f.Add("1220" + strings.Repeat("a1", 32))
	f.Add(strings.Repeat("b2", 32))
	f.Fuzz(func(t *testing.T, s string) {
		m, err := metainfo.ParseInfoHash(s)
		if err != nil {
			return
		}
		again, err := metainfo.ParseMagnet(m.String())
		if err != nil {
			t.Fatalf("%q of %q is refused: %v", m.String(), s, err)
		}
		if m.HashV1 != again.HashV1 || m.HashV2 != again.HashV2 {
			t.Fatalf("%q reads as %+v, want %+v", m.String(), again, m)
		}
	})
}
