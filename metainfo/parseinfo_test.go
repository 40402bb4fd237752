package metainfo_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestInfoHashIsTheHashOfTheBytes(t *testing.T) {
	// Unknown keys and keys out of order are part of the hash. An encoder that
	// writes known fields only would lose them.
	odd := "d4:name1:x12:piece lengthi16384e6:pieces20:" + strings.Repeat("h", 20) + "6:lengthi007e4:oddsli1eee"
	i, err := metainfo.ParseInfo([]byte(odd))
	require.NoError(t, err)
	require.Equal(t, sha1.Sum([]byte(odd)), i.HashV1)
	require.Equal(t, odd, string(i.Raw))
	require.EqualValues(t, 7, i.Length)
	require.False(t, i.HasV2())
	require.Equal(t, []swarm.ID{i.HashV1}, i.IDs())

	tor, err := metainfo.Parse([]byte("d4:info" + odd + "e"))
	require.NoError(t, err)
	b, err := tor.Bytes()
	require.NoError(t, err)
	require.Contains(t, string(b), odd)
}

func TestParseCopiesItsInput(t *testing.T) {
	b := []byte(enc(minimal()))
	i, err := metainfo.ParseInfo(b)
	require.NoError(t, err)
	clear(b)
	require.Equal(t, sha1.Sum(i.Raw), i.HashV1)
}

func TestInfoFaults(t *testing.T) {
	one := list{"a"}
	for _, test := range []struct {
		info  dict
		fault string
	}{
		{minimal().with("name", nil), `"name" is missing`},
		{minimal().with("name", "\x00\x00"), "name has only zero bytes"},
		{minimal().with("name", 7), `key "name"`},
		{minimal().with("piece length", nil), `"piece length" is missing`},
		{minimal().with("piece length", 0), "piece length 0 is not positive"},
		{minimal().with("piece length", -16384), "is not positive"},
		{minimal().with("piece length", 1<<29+1), "is more than"},
		{minimal().with("piece length", "16384"), `key "piece length"`},
		{minimal().with("pieces", nil), `"pieces" is missing`},
		{minimal().with("pieces", strings.Repeat("h", 39)), "not a multiple of 20"},
		{minimal().with("pieces", strings.Repeat("h", 60)), "pieces has 3 hashes, want 2"},
		{minimal().with("pieces", ""), "pieces has 0 hashes, want 2"},
		{minimal().with("length", nil), "neither length nor files"},
		{minimal().with("length", -1), "length -1 is negative"},
		{minimal().with("length", "x"), `key "length"`},
		{minimal().with("length", 0, "pieces", ""), "length is zero"},
		{minimal().with("length", int64(1<<62)), "too many pieces"},
		{folder(one).with("files", "x"), `key "files"`},
		{folder(one).with("files", list{}), "there are no files"},
		{folder(one).with("files", list{"x"}), "file 0: bencode: want a dictionary"},
		{folder(one).with("files", list{dict{"path": one}}), `file 0: bencode: key "length" is missing`},
		{folder(make100("d")), "more than 100 folders deep"},
		{folder(one).with("files", list{dict{"length": int64(1 << 62), "path": one}, dict{"length": int64(1 << 62), "path": one}}), "file 0: too many pieces"},
		{minimal().with("meta version", 3), "meta version 3 is not supported"},
		{minimal().with("meta version", 2), `"file tree" is missing`},
		{v2(dict{"a": leaf(1)}).with("meta version", "2"), `key "meta version"`},
	} {
		refuse(t, test.info, test.fault)
	}
	_, err := metainfo.ParseInfo([]byte("le"))
	require.ErrorContains(t, err, "want a dictionary")
	_, err = metainfo.ParseInfo([]byte("d4:name"))
	var syntax *bencode.SyntaxError
	require.ErrorAs(t, err, &syntax)
	_, err = metainfo.ParseInfo([]byte(enc(minimal()) + "x"))
	require.ErrorContains(t, err, "data follows")
}

func make100(s string) (l list) {
	for range 101 {
		l = append(l, s)
	}
	return l
}

// leaf is a file of n bytes in a v2 tree.
func leaf(n int64) dict {
	return dict{"": dict{"length": n, "pieces root": strings.Repeat("r", 32)}}
}

func v2(tree dict) dict {
	return dict{"file tree": tree, "meta version": 2, "name": "x", "piece length": 16384}
}

func TestFileTreeFaults(t *testing.T) {
	for _, test := range []struct {
		info  dict
		fault string
	}{
		{v2(leaf(1)), "the root is a file"},
		{v2(dict{"a": leaf(1).with("b", leaf(1))}), "it is a file and a folder"},
		{v2(dict{"a": 1}), `file tree: "a"`},
		{v2(dict{"a": dict{"b": "x"}}), `file tree: "a/b"`},
		{v2(dict{"a": dict{"": 1}}), `file 0 ("a"): bencode: want a dictionary`},
		{v2(dict{"a": dict{"": dict{}}}), `"length" is missing`},
		{v2(dict{"a": dict{"": dict{"length": -1}}}), "length -1 is negative"},
		{v2(dict{"a": dict{"": dict{"length": 1}}}), `"pieces root" is missing`},
		{v2(dict{"a": dict{"": dict{"length": 1, "pieces root": "short"}}}), "pieces root has 5 bytes"},
		{v2(dict{"a": dict{"": dict{"length": 1, "pieces root": strings.Repeat("\x00", 32)}}}), "pieces root is zero"},
		{v2(dict{"a": dict{"": dict{"length": 1, "attr": "p", "pieces root": strings.Repeat("r", 32)}}}), "it is a pad"},
		{v2(dict{"a": dict{"": dict{"length": 0, "attr": "l"}}}), "length is zero"},
		{v2(dict{}), "there are no files"},
		{v2(dict{"a": dict{}}), "there are no files"},
		{v2(dict{"a": dict{"": dict{"length": 0}}}), "length is zero"},
		{v2(dict{"a": leaf(1)}).with("piece length", 8192), "is not a power of two"},
		{v2(dict{"a": leaf(1)}).with("piece length", 49152), "is not a power of two"},
		{v2(dict{"a": leaf(1 << 62)}), "too many pieces"},
		// Every file starts at a new piece.
		{v2(dict{"a": leaf(16384 << 20), "b": leaf(1), "c": leaf(16384<<20 - 16383)}), "too many pieces"},
		{v2(dict{"a": leaf(1)}).with("pieces", "x"), "neither length nor files"},
	} {
		refuse(t, test.info, test.fault)
	}
	// An error has no room for a path of any length.
	deep := dict{"": dict{"length": -1}}
	for range 20 {
		deep = dict{strings.Repeat("n", 1000): deep}
	}
	_, err := metainfo.ParseInfo([]byte(enc(v2(deep))))
	require.ErrorContains(t, err, "is negative")
	require.Less(t, len(err.Error()), 300)

	// v2 is strict: what a lenient reader would take for the same is another.
	_, err = metainfo.ParseInfo([]byte(strings.Replace(enc(v2(dict{"a": leaf(7)})), "i7e", "i07e", 1)))
	require.ErrorContains(t, err, "leading zeros")
}

// A folder with a long path and many files takes a few bytes for each file in the
// torrent, but its full path for each in memory.
func TestMemoryOfPathsIsLimited(t *testing.T) {
	folder := dict{}
	for n := range 6500 {
		folder[strconv.Itoa(n)] = dict{"": dict{"length": 0}}
	}
	for range 90 {
		folder = dict{strings.Repeat("n", 240): folder}
	}
	refuse(t, v2(folder), "the paths take more than 134217728 bytes")
}

func TestHybridFaults(t *testing.T) {
	files := list{
		dict{"length": 5, "path": list{"a"}},
		dict{"length": 16379, "path": list{".pad", "16379"}, "attr": "p"},
		dict{"length": 6, "path": list{"b"}},
	}
	info := v2(dict{"a": leaf(5), "b": leaf(6)}).with("files", files, "pieces", strings.Repeat("h", 40))
	i := parse(t, info)
	require.True(t, i.HasV1() && i.HasV2())
	require.Equal(t, sha256.Sum256(i.Raw), i.HashV2)
	require.Equal(t, []swarm.ID{i.HashV1, swarm.ID(i.HashV2[:20])}, i.IDs())
	require.Len(t, i.Entries, 3)

	edit := func(n int, pairs ...any) dict {
		l := append(list(nil), files...)
		l[n] = l[n].(dict).with(pairs...)
		return info.with("files", l)
	}
	const mismatch = "v1 and v2 do not match: "
	refuse(t, edit(0, "path", list{"A"}), mismatch+`file 0 is "A" in v1, "a" in v2`)
	refuse(t, edit(0, "length", 4), mismatch+"file 0 has 4 bytes in v1, 5 in v2")
	refuse(t, edit(1, "length", 16378), mismatch+"file 2 starts at byte 16383 in v1")
	refuse(t, edit(1, "attr", "x"), mismatch)
	refuse(t, info.with("files", files[:2]), mismatch+"v1 has 1 files, v2 has 2")
	refuse(t, info.with("file tree", dict{"a": leaf(5)}), mismatch+"file 2 of v1 is missing in v2")
	refuse(t, info.with("files", append(files[:3:3], dict{"length": 20_000, "attr": "p"})), "a pad behind its last piece")
	refuse(t, info.with("files", append(list{dict{"length": 16384, "attr": "p"}}, files...)), mismatch+"file 1 starts at byte 16384")
	refuse(t, info.with("files", nil, "length", 5), mismatch)

	// There may be a pad behind the last file, but need not.
	i = parse(t, info.with("files", append(files[:3:3], dict{"length": 16378, "attr": "p"})))
	require.EqualValues(t, 32768, i.Length)
	require.True(t, i.Entries[3].Pad)
}

func TestLimits(t *testing.T) {
	b := []byte(enc(minimal()))
	_, err := metainfo.Options{MaxBytes: int64(len(b))}.ParseInfo(b)
	require.NoError(t, err)
	_, err = metainfo.Options{MaxBytes: int64(len(b)) - 1}.ParseInfo(b)
	require.ErrorContains(t, err, "more than")
	_, err = metainfo.Options{MaxPieces: 2, MaxBytes: -1}.ParseInfo(b)
	require.NoError(t, err)
	_, err = metainfo.Options{MaxPieces: 1}.ParseInfo(b)
	require.ErrorContains(t, err, "too many pieces")
	_, err = metainfo.Options{MaxPieces: -1}.ParseInfo(b)
	require.NoError(t, err)

	outer := []byte(enc(dict{"info": minimal()}))
	_, err = metainfo.Options{MaxBytes: int64(len(outer)) - 1}.Parse(outer)
	require.ErrorContains(t, err, "more than")
	_, err = metainfo.Options{MaxBytes: int64(len(outer)) - 1}.Read(reader(outer))
	require.ErrorContains(t, err, "more than")
	_, err = metainfo.Parse(make([]byte, 128<<20+1))
	require.ErrorContains(t, err, "more than 134217728 bytes")
	_, err = metainfo.ParseInfo(make([]byte, 128<<20+1))
	require.ErrorContains(t, err, "more than 134217728")
}

func TestOptionalEntries(t *testing.T) {
	i := parse(t, minimal().with("private", 1, "source", "S", "similar", list{strings.Repeat("s", 20), "short", 1}, "collections", list{"c", 2, "d"}))
	require.True(t, i.Private)
	require.Equal(t, "S", i.Source)
	require.Equal(t, []swarm.ID{swarm.ID([]byte(strings.Repeat("s", 20)))}, i.Similar)
	require.Equal(t, []string{"c", "d"}, i.Collections)
	require.True(t, parse(t, minimal().with("private", "1")).Private)
	require.False(t, parse(t, minimal().with("private", 0)).Private)
	require.False(t, parse(t, minimal().with("private", list{})).Private)

	i = parse(t, minimal().with("md5sum", strings.Repeat("5", 32), "sha1", strings.Repeat("1", 20), "attr", "hx"))
	f := i.Entries[0]
	require.True(t, i.Single)
	require.Equal(t, "x", f.Path)
	require.Equal(t, strings.Repeat("5", 32), f.MD5)
	require.Equal(t, strings.Repeat("1", 20), f.SHA1)
	require.True(t, f.Hidden && f.Executable && !f.Pad)
}

func TestUTF8KeysArePreferred(t *testing.T) {
	i := parse(t, folder().with("name", "\xc4\xe3", "name.utf-8", "你", "files", list{
		dict{"length": 1, "path": list{"\xba\xc3"}, "path.utf-8": list{"好"}},
	}))
	require.Equal(t, "你", i.Name)
	require.Equal(t, "你/好", i.Entries[0].Path)
	require.Equal(t, []string{"好"}, i.Entries[0].Original)
}
