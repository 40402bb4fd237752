package metainfo_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// build makes a torrent of a folder.
func build(t testing.TB, o builder.Options, files fstest.MapFS) *metainfo.Torrent {
	t.Helper()
	o.Name = cmp.Or(o.Name, "folder")
	tor, err := o.FS(context.Background(), files, ".")
	require.NoError(t, err)
	return tor
}

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
