package metainfo_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/stretchr/testify/require"
)

// content returns n bytes that differ with seed.
func content(n, seed int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// tree is a folder with files of all kinds of lengths.
func tree() fstest.MapFS {
	return fstest.MapFS{
		"a/empty":       {Data: nil},
		"a/one":         {Data: content(1, 1)},
		"a/piece":       {Data: content(32<<10, 2)},
		"b.bin":         {Data: content(100_000, 3)},
		"c/d/e.bin":     {Data: content(300_001, 4), Mode: 0o755},
		"c/d/same.bin":  {Data: content(300_001, 4)},
		"c/small":       {Data: content(70, 5)},
		"z/last.bin":    {Data: content(40_000, 6)},
		"z/trail.empty": {Data: nil},
	}
}

// build makes a torrent of a folder.
func build(t testing.TB, b metainfo.Builder, files fstest.MapFS) *metainfo.Torrent {
	t.Helper()
	if b.Name == "" {
		b.Name = "folder"
	}
	tor, err := b.FS(context.Background(), files, ".")
	require.NoError(t, err)
	return tor
}

// flat returns the bytes of a torrent, pads included.
func flat(tor *metainfo.Torrent, files fstest.MapFS) []byte {
	var out []byte
	for _, f := range tor.Info.Entries {
		if f.Pad {
			out = append(out, make([]byte, f.Length)...)
			continue
		}
		if f.Symlink == "" {
			out = append(out, files[strings.Join(f.Original, "/")].Data...)
		}
	}
	return out
}

var formats = []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid}

// dict and list write bencode for tests; keys are sorted.
type (
	dict map[string]any
	list []any
	raw  string
)

func enc(v any) string {
	switch v := v.(type) {
	case int, int64:
		return fmt.Sprintf("i%de", v)
	case string:
		return fmt.Sprintf("%d:%s", len(v), v)
	case raw:
		return string(v)
	case list:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(enc(e))
		}
		return "l" + b.String() + "e"
	case dict:
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(enc(k) + enc(v[k]))
		}
		return "d" + b.String() + "e"
	}
	panic("no such kind")
}

// with returns a copy of d with other entries; nil takes one out.
func (d dict) with(pairs ...any) dict {
	d = maps.Clone(d)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(d, pairs[i].(string))
		} else {
			d[pairs[i].(string)] = pairs[i+1]
		}
	}
	return d
}

// minimal is a v1 info dictionary of one file.
func minimal() dict {
	return dict{"length": 20_000, "name": "x", "piece length": 16384, "pieces": strings.Repeat("h", 40)}
}

// folder is a v1 info dictionary of several files, each with 10 bytes.
func folder(paths ...list) dict {
	var files list
	for _, p := range paths {
		files = append(files, dict{"length": 10, "path": p})
	}
	return dict{"files": files, "name": "x", "piece length": 16384, "pieces": strings.Repeat("h", 20)}
}

func parse(t testing.TB, info dict) *metainfo.Info {
	t.Helper()
	i, err := metainfo.ParseInfo([]byte(enc(info)))
	require.NoError(t, err)
	return i
}

func refuse(t testing.TB, info dict, fault string) {
	t.Helper()
	_, err := metainfo.ParseInfo([]byte(enc(info)))
	var invalid *metainfo.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, fault)
	_, err = metainfo.Parse([]byte(enc(dict{"info": info})))
	require.ErrorContains(t, err, fault)
}

func reader(b []byte) *bytes.Reader { return bytes.NewReader(b) }
