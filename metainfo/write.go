package metainfo

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"unsafe"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/dict"
	"github.com/shoal-bt/shoal/swarm"
)

// Bytes returns t as a .torrent file, which belongs to the caller. The info dictionary
// has the bytes that were parsed, and unknown entries are kept. It fails if a node is
// not "host:port".
func (t *Torrent) Bytes() ([]byte, error) {
	entries := slices.Clone(t.extra)
	put := func(key string, raw []byte) {
		if raw != nil {
			entries = append(entries, dict.Entry{Key: key, Raw: raw})
		}
	}
	text := func(key, s string) {
		if s != "" {
			put(key, bencode.AppendString(nil, s))
		}
	}
	var tiers [][]string
	for _, tier := range t.Tiers {
		if len(tier) > 0 {
			tiers = append(tiers, tier)
		}
	}
	if len(tiers) > 0 {
		text("announce", tiers[0][0])
	}
	if len(tiers) > 1 || (len(tiers) == 1 && len(tiers[0]) > 1) {
		list := bencode.AppendList(nil)
		for _, tier := range tiers {
			list = dict.AppendTexts(list, tier)
		}
		put("announce-list", bencode.AppendEnd(list))
	}
	put("collections", texts(t.Collections))
	text("comment", t.Comment)
	text("created by", t.CreatedBy)
	if n := t.CreationDate.Unix(); n > 0 {
		put("creation date", bencode.AppendInt(nil, n))
	}
	text("encoding", t.Encoding)
	put("httpseeds", texts(t.HTTPSeeds))
	put("info", t.Info.Raw)
	nodes, err := nodeList(t.Nodes)
	if err != nil {
		return nil, fmt.Errorf("metainfo: %w", err)
	}
	put("nodes", nodes)
	put("piece layers", t.Info.layers())
	put("similar", similar(t.Similar))
	put("url-list", texts(t.WebSeeds))

	return dict.Append(nil, entries), nil
}

// Write writes what Bytes returns to w, in one call.
func (t *Torrent) Write(w io.Writer) error {
	b, err := t.Bytes()
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("metainfo: %w", err)
	}
	return nil
}

// texts returns a list of strings, or nil if it is empty.
func texts(list []string) []byte {
	if len(list) == 0 {
		return nil
	}
	return dict.AppendTexts(nil, list)
}

// similar returns a list of hashes, or nil if it is empty.
func similar(ids []swarm.ID) []byte {
	if len(ids) == 0 {
		return nil
	}
	dst := bencode.AppendList(nil)
	for _, id := range ids {
		dst = bencode.AppendBytes(dst, id[:])
	}
	return bencode.AppendEnd(dst)
}

// nodeList returns a list of nodes, or nil if it is empty.
func nodeList(nodes []string) ([]byte, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	return dict.AppendNodes(nil, nodes)
}

// layers returns the known "piece layers" as a dictionary, or nil for a v1 torrent.
func (i *Info) layers() []byte {
	if !i.HasV2() {
		return nil
	}
	i.hashes.mu.RLock()
	defer i.hashes.mu.RUnlock()
	size := 2
	for _, hashes := range i.hashes.layers {
		size += 32*len(hashes) + 50 // with the key and the length
	}
	dst := bencode.AppendDict(make([]byte, 0, size))
	roots := slices.SortedFunc(maps.Keys(i.hashes.layers), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, root := range roots {
		dst = bencode.AppendBytes(dst, root[:])
		dst = bencode.AppendBytes(dst, joinHashes(i.hashes.layers[root]))
	}
	return bencode.AppendEnd(dst)
}

// joinHashes returns hashes, of which there is at least one, as bytes. It does not copy
// them, as splitHashes does not.
func joinHashes(hashes [][32]byte) []byte { return unsafe.Slice(&hashes[0][0], 32*len(hashes)) }
