package metainfo_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/stretchr/testify/require"
)

// The torrents in testdata/cases have one odd part each, as those of other programs do.
func TestAnOddPartDoesNotSpoilTheRest(t *testing.T) {
	for name, want := range map[string]string{
		"attr-is-an-integer":                 "attr: file 0: bencode: key \"attr\": want a string, got an integer; it is ignored",
		"creation-date-in-milliseconds":      "creation date: 1700000000000 is after the year 9999; it is left out",
		"creation-date-year-10000":           "creation date: 253402300800 is after the year 9999; it is left out",
		"empty-name-of-folder":               "name: it is empty; the torrent is named by its info hash",
		"extra-e-after-the-torrent":          "end of the file: the torrent ends at byte 171 of 172; the rest is ignored",
		"junk-after-the-torrent":             "end of the file: the torrent ends at byte 171 of 191; the rest is ignored",
		"length-beside-files":                "length: the torrent has files; it is ignored",
		"meta-version-is-a-string":           "meta version: bencode: key \"meta version\": want an integer, got a string; the torrent is read as v1",
		"symlink-without-target":             "symlink path: file 1: bencode: key \"symlink path\" is missing; it becomes an empty file",
		"v2-piece-layers-of-an-unknown-root": "piece layers: 78787878: no file longer than a piece has this root; it counts as missing",
	} {
		t.Run(name, func(t *testing.T) {
			tor, err := metainfo.ReadFile(filepath.Join("testdata", "cases", name+".torrent"))
			require.NoError(t, err)
			require.Len(t, tor.Warnings, 1)
			require.Equal(t, want, tor.Warnings[0].String())
			requireRoundTrip(t, tor)
			require.Zero(t, tor.CreationDate)
			if name == "junk-after-the-torrent" || name == "extra-e-after-the-torrent" {
				require.Equal(t, "9e8ea8bacf40081a262ac4763c5dcf200effd93b", tor.Info.IDs()[0].String())
			}
			require.Equal(t, !strings.HasPrefix(name, "v2"), tor.Info.HasV1())
			if name == "empty-name-of-folder" {
				require.Equal(t, hex.EncodeToString(tor.Info.HashV1[:])+"/x", tor.Info.Entries[0].Path)
			}
		})
	}
	b, err := os.ReadFile("testdata/cases/magnets-with-one-bad-optional-parameter.txt")
	require.NoError(t, err)
	for link := range strings.Lines(string(b)) {
		m, err := metainfo.ParseMagnet(link)
		require.NoError(t, err)
		require.Equal(t, "0123456789abcdef0123456789abcdef01234567", hex.EncodeToString(m.HashV1[:]))
		require.Len(t, m.Warnings, 1, link)
	}
}

// What is neither hash nor size of an info dictionary may be odd too.
func TestOddPartsOfInfo(t *testing.T) {
	file := func(pairs ...any) dict { return dict{"length": 10, "path": list{"a"}}.with(pairs...) }
	for _, test := range []struct {
		info       dict
		path, part string
	}{
		{minimal().with("name", ""), "", "name"},
		{minimal().with("attr", "p"), "x", "attr"},
		{minimal().with("attr", "l"), "x", "symlink path"},
		{minimal().with("attr", "l", "symlink path", list{"y"}), "x", "attr"},
		{minimal().with("attr", list{}), "x", "attr"},
		{minimal().with("private", list{}), "x", "private"},
		{minimal().with("source", 1), "x", "source"},
		{minimal().with("similar", list{"short"}), "x", "similar"},
		{minimal().with("collections", dict{}), "x", "collections"},
		{minimal().with("meta version", list{}), "x", "meta version"},
		{folder().with("files", list{file("path", nil)}), "x/_", "path"},
		{folder().with("files", list{file("path", list{})}), "x/_", "path"},
		{folder().with("files", list{file("path", "a")}), "x/_", "path"},
		{folder().with("files", list{file("path", list{1, "b"})}), "x/b", "path"},
		{folder().with("files", list{file("path", list{"b"}, "path.utf-8", 1)}), "x/b", ""},
		{folder().with("files", list{file("attr", 1)}), "x/a", "attr"},
		{folder().with("files", list{file(), file("attr", "l", "symlink path", list{}, "path", list{"l"})}), "x/a", "symlink path"},
		{folder().with("files", list{file(), file("attr", "l", "symlink path", list{"a", 1}, "path", list{"l"})}), "x/a", "symlink path"},
		{folder().with("files", list{file()}, "length", 1), "x/a", "length"},
		{v2(dict{"a": leaf(1), "b": dict{"": dict{"attr": "l"}}}), "x/a", "symlink path"},
	} {
		i := parse(t, test.info)
		if test.path == "" {
			test.path = i.IDs()[0].String()
		}
		require.Equal(t, test.path, i.Entries[0].Path)
		require.False(t, i.Entries[0].Pad)
		for _, f := range i.Entries {
			require.Empty(t, f.Symlink)
		}
		if test.part == "" {
			require.Empty(t, i.Warnings)
			continue
		}
		require.NotEmpty(t, i.Warnings)
		require.Equal(t, test.part, i.Warnings[0].Part, "%v", i.Warnings)
	}
}
