// Package sample holds content that the tests of this module make torrents of.
package sample

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Formats are all formats of torrents.
var Formats = []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid}

// Bytes returns n bytes that look random and differ with seed.
func Bytes(n, seed int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// Folder returns a folder with files of all kinds of lengths.
func Folder() fstest.MapFS {
	return fstest.MapFS{
		"a/empty":       {Data: nil},
		"a/one":         {Data: Bytes(1, 1)},
		"a/piece":       {Data: Bytes(32<<10, 2)},
		"b.bin":         {Data: Bytes(100_000, 3)},
		"c/d/e.bin":     {Data: Bytes(300_001, 4), Mode: 0o755},
		"c/d/same.bin":  {Data: Bytes(300_001, 4)},
		"c/small":       {Data: Bytes(70, 5)},
		"z/last.bin":    {Data: Bytes(40_000, 6)},
		"z/trail.empty": {Data: nil},
	}
}

// Flat returns all bytes of a torrent of files, pads included.
func Flat(i *metainfo.Info, files fstest.MapFS) []byte {
	var out []byte
	for _, f := range i.Entries {
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

// InMemory returns verdicts of all pieces with copies of their blocks, but nil for
// blocks that are all pad. all are the bytes of the torrent.
func InMemory(i *metainfo.Info, all []byte) []swarm.Verdict {
	g := i.Geometry()
	batch := make([]swarm.Verdict, g.Pieces())
	for p := range batch {
		v := &batch[p]
		v.Piece = p
		for n := range g.BlockCount(p) {
			b := g.Block(p, n)
			if g.IsPad(b) {
				v.Blocks = append(v.Blocks, nil)
				continue
			}
			off := g.Offset(b)
			v.Blocks = append(v.Blocks, bytes.Clone(all[off:][:b.Length]))
		}
	}
	return batch
}

// CheckPaths returns an error if the paths of a torrent are not what Info promises.
func CheckPaths(i *metainfo.Info) error {
	seen := make(map[string]bool)
	for _, f := range i.Files() {
		if !fs.ValidPath(f.Path) || !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return fmt.Errorf("%q is not a valid path", f.Path)
		}
		components := strings.Split(f.Path, "/")
		if components[0] != i.Name {
			return fmt.Errorf("%q does not start with the name %q", f.Path, i.Name)
		}
		for _, c := range components {
			if len(c) > 4*255 || strings.ContainsAny(c, "\x00\u202d\u202e") {
				return fmt.Errorf("%q has the component %q", f.Path, c)
			}
		}
		if f.Symlink != "" && (!fs.ValidPath(f.Symlink) || !strings.HasPrefix(f.Symlink, i.Name+"/")) {
			return fmt.Errorf("%q links to %q", f.Path, f.Symlink)
		}
		key := f.Path
		if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
			key = strings.ToLower(key)
		}
		if !f.Pad && seen[key] {
			return fmt.Errorf("%q is there twice", f.Path)
		}
		seen[key] = seen[key] || !f.Pad
	}
	return nil
}
