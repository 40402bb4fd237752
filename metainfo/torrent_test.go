package metainfo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func outer(pairs ...any) []byte {
	return []byte(enc(dict{"info": minimal()}.with(pairs...)))
}

func parseTorrent(t *testing.T, pairs ...any) *metainfo.Torrent {
	t.Helper()
	tor, err := metainfo.Parse(outer(pairs...))
	require.NoError(t, err)
	requireRoundTrip(t, tor)
	return tor
}

func TestTorrentFields(t *testing.T) {
	id := strings.Repeat("s", 20)
	tor := parseTorrent(t,
		"announce", "http://a/",
		"comment", "c", "created by", "me", "encoding", "UTF-8", "creation date", 1234567,
		"url-list", list{"http://w/1", " http://w/2\n", "http://w/1", "", 7},
		"httpseeds", list{"http://h/"},
		"nodes", list{list{"127.0.0.1", 6881}, list{"::1", 1}, list{"h", 0}, list{"h", 65536}, list{"", 1}, list{"h"}, "x", list{1, "h"}},
		"similar", list{id}, "collections", list{"col"},
		"zzz", list{1, dict{"a": "b"}}, "aaa", 7,
	)
	require.Equal(t, [][]string{{"http://a/"}}, tor.Tiers)
	require.Equal(t, "c", tor.Comment)
	require.Equal(t, "me", tor.CreatedBy)
	require.Equal(t, "UTF-8", tor.Encoding)
	require.True(t, time.Unix(1234567, 0).Equal(tor.CreationDate))
	require.Equal(t, []string{"http://w/1", "http://w/2"}, tor.WebSeeds)
	require.Equal(t, []string{"http://h/"}, tor.HTTPSeeds)
	require.Equal(t, []string{"127.0.0.1:6881", "[::1]:1"}, tor.Nodes)
	require.Equal(t, []swarm.ID{swarm.ID([]byte(id))}, tor.Similar)
	require.Equal(t, []string{"col"}, tor.Collections)
	b, err := tor.Bytes()
	require.NoError(t, err)
	require.Contains(t, string(b), "3:zzz"+enc(list{1, dict{"a": "b"}}), "unknown entries are kept")
	require.True(t, strings.HasPrefix(string(b), "d3:aaai7e"))
}

func TestDuplicateKeys(t *testing.T) {
	b := outer("aaa", 1, "comment", "first")
	tor, err := metainfo.Parse(append(b[:len(b)-1], "3:aaai2e7:comment6:seconde"...))
	require.NoError(t, err)
	require.Equal(t, "first", tor.Comment)
	requireRoundTrip(t, tor)
	out, err := tor.Bytes()
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(out), "3:aaai1e"))
	require.NotContains(t, string(out), "3:aaai2e")
}

func TestTiers(t *testing.T) {
	for _, test := range []struct {
		pairs []any
		want  [][]string
	}{
		{nil, nil},
		{[]any{"announce", " \tudp://a "}, [][]string{{"udp://a"}}},
		{[]any{"announce", "a", "announce-list", list{}}, [][]string{{"a"}}},
		{[]any{"announce", "a", "announce-list", list{list{}, list{""}}}, [][]string{{"a"}}},
		{[]any{"announce", "a", "announce-list", list{list{"b", "c"}, list{"d"}}}, [][]string{{"b", "c"}, {"d"}}},
		{[]any{"announce-list", list{list{"b", "c", "b"}, list{"c"}, list{"d"}}}, [][]string{{"b", "c"}, {"d"}}},
		{[]any{"announce-list", list{"b", "c", list{1, "d"}}}, [][]string{{"b"}, {"c"}, {"d"}}},
		{[]any{"announce", 7, "announce-list", "b"}, nil},
	} {
		require.Equal(t, test.want, parseTorrent(t, test.pairs...).Tiers, "%q", test.pairs)
	}
}

func TestMalformedFieldsAreLeftOut(t *testing.T) {
	tor := parseTorrent(t, "comment", list{}, "created by", 1, "creation date", "x", "encoding", dict{}, "url-list", 1,
		"httpseeds", dict{}, "nodes", "x", "similar", 1, "collections", "x", "announce-list", 7)
	var parts []string
	for _, w := range tor.Warnings {
		require.Equal(t, 1, w.Count)
		parts = append(parts, w.Part)
	}
	require.ElementsMatch(t, []string{"comment", "created by", "creation date", "encoding", "url-list", "httpseeds", "nodes",
		"similar", "collections", "announce-list"}, parts)
	tor.Warnings = nil
	require.Equal(t, parseTorrent(t), tor)
	require.Zero(t, parseTorrent(t, "creation date", -5).CreationDate)
	require.Equal(t, []string{"http://one"}, parseTorrent(t, "url-list", "http://one").WebSeeds)
	require.Equal(t, "ü", parseTorrent(t, "comment", "\xfc", "comment.utf-8", "ü").Comment)
}

func TestTorrentFaults(t *testing.T) {
	for _, test := range []struct{ in, fault string }{
		{"", "the input ends too soon"},
		{"d4:info", "the input ends too soon"},
		{"le", "want a dictionary"},
		{"de", `"info" is missing`},
		{"d4:infolee", `key "info": want a dictionary, got a list`},
		{strings.Repeat("l", 1000), "nest too deep"},
		{"d4:info999999999999:", "goes past the end"},
	} {
		_, err := metainfo.Parse([]byte(test.in))
		var invalid *metainfo.InvalidError
		require.ErrorAs(t, err, &invalid)
		require.ErrorContains(t, err, test.fault)
		require.True(t, strings.HasPrefix(err.Error(), "metainfo: "))
	}
	tor, err := metainfo.Parse(append(outer(), "\r\n"...))
	require.NoError(t, err)
	require.Empty(t, tor.Warnings, "an end of line behind the torrent")
	tor, err = metainfo.Parse(append(outer(), "de"...))
	require.NoError(t, err)
	require.Equal(t, []metainfo.Warning{{"end of the file", "the torrent ends at byte 107 of 109; the rest is ignored", 1}}, tor.Warnings)
}

func TestPieceLayerFaults(t *testing.T) {
	full := build(t, builder.Options{Format: metainfo.V2, PieceLength: 32 << 10}, sample.Folder())
	info := raw(full.Info.Raw)
	root := full.Info.Entries[3].PiecesRoot
	for _, f := range full.Info.Entries {
		if f.Length > 32<<10 {
			root = f.PiecesRoot
			break
		}
	}
	hashes, ok := full.Info.PieceLayer(root)
	require.True(t, ok)
	var layer string
	for _, h := range hashes {
		layer += string(h[:])
	}
	key := string(root[:])
	tor, err := metainfo.Parse([]byte(enc(dict{"info": info, "piece layers": dict{key: layer}})))
	require.NoError(t, err)
	require.Len(t, tor.Info.MissingLayers(), 2)
	requireRoundTrip(t, tor)
	for _, test := range []struct {
		layers any
		reason string
	}{
		{list{}, `key "piece layers": want a dictionary`},
		{dict{key: 1}, "want a string"},
		{dict{key: layer[1:]}, "not a multiple of 32"},
		{dict{key: layer[32:]}, "hashes for"},
		{dict{key: layer + layer[:32]}, "hashes for"},
		{dict{key: layer[:len(layer)-1] + "\x00"}, "do not lead to the root"},
		{dict{key[1:]: layer}, "its root has 31 bytes"},
		{dict{strings.Repeat("k", 32): layer}, "no file longer than a piece has this root"},
	} {
		tor, err := metainfo.Parse([]byte(enc(dict{"info": info, "piece layers": test.layers})))
		require.NoError(t, err)
		require.Len(t, tor.Info.MissingLayers(), 3, "a layer that is wrong counts as missing")
		require.Len(t, tor.Warnings, 1)
		require.Equal(t, "piece layers", tor.Warnings[0].Part)
		require.Contains(t, tor.Warnings[0].Reason, test.reason)
	}
	// A layer that is wrong does not spoil one that is right.
	tor, err = metainfo.Parse([]byte(enc(dict{"info": info, "piece layers": dict{key: layer, "odd": 1, "odder": 2}})))
	require.NoError(t, err)
	require.Len(t, tor.Info.MissingLayers(), 2)
	require.Equal(t, 2, tor.Warnings[0].Count)
	require.Contains(t, tor.Warnings[0].String(), "(and 1 more)")
	// v1 torrents have no piece layers, so theirs are not read.
	tor, err = metainfo.Parse(outer("piece layers", dict{"k": 1}))
	require.NoError(t, err)
	require.Empty(t, tor.Info.MissingLayers())
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.torrent")
	_, err := metainfo.ReadFile(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	var invalid *metainfo.InvalidError
	require.False(t, errors.As(err, &invalid), "the file is not at fault")
	want := parseTorrent(t, "announce", "http://a/")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, want.Write(f))
	require.NoError(t, f.Close())
	got, err := metainfo.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestWriteAfterEdit(t *testing.T) {
	tor := parseTorrent(t, "announce", "http://a/", "comment.utf-8", "old", "kept", 1)
	hash := tor.Info.HashV1
	tor.Tiers = [][]string{nil, {"http://b/"}, {"http://c/", "http://d/"}}
	tor.Comment = "new"
	tor.Nodes = []string{"[::1]:5"}
	b, err := tor.Bytes()
	require.NoError(t, err)
	again, err := metainfo.Parse(b)
	require.NoError(t, err)
	require.Equal(t, hash, again.Info.HashV1)
	require.Equal(t, [][]string{{"http://b/"}, {"http://c/", "http://d/"}}, again.Tiers)
	require.Equal(t, "new", again.Comment)
	require.Equal(t, []string{"[::1]:5"}, again.Nodes)
	require.Contains(t, string(b), "8:announce9:http://b/")
	for _, node := range []string{"x", "x:0", "x:99999", ":5", "::1:5"} {
		tor.Nodes = []string{node}
		_, err = tor.Bytes()
		require.ErrorContains(t, err, "metainfo: node")
	}
}
