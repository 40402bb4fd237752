package metainfo

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// Bytes returns t as a .torrent file. The info dictionary is byte for byte as
// it came; entries that are not known here are kept. It fails if a node is not
// "host:port".
func (t *Torrent) Bytes() ([]byte, error) {
	entries := slices.Clone(t.extra)
	put := func(key string, raw []byte) {
		if raw != nil {
			entries = append(entries, extraKey{key, raw})
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
	if len(tiers) > 1 || len(tiers) == 1 && len(tiers[0]) > 1 {
		list := bencode.AppendList(nil)
		for _, tier := range tiers {
			list = appendTexts(list, tier)
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
	nodes, err := appendNodes(t.Nodes)
	if err != nil {
		return nil, fmt.Errorf("metainfo: %w", err)
	}
	put("nodes", nodes)
	put("piece layers", t.Info.appendLayers())
	put("similar", similar(t.Similar))
	put("url-list", texts(t.WebSeeds))

	return appendDict(nil, entries), nil
}

// appendDict appends a dictionary, sorted by key.
func appendDict(dst []byte, entries []extraKey) []byte {
	slices.SortFunc(entries, func(a, b extraKey) int { return strings.Compare(a.key, b.key) })
	size := 2
	for _, e := range entries {
		size += len(e.key) + len(e.raw) + 8
	}
	dst = bencode.AppendDict(slices.Grow(dst, size))
	for _, e := range entries {
		dst = bencode.AppendString(dst, e.key)
		dst = append(dst, e.raw...)
	}
	return bencode.AppendEnd(dst)
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

func appendTexts(dst []byte, list []string) []byte {
	dst = bencode.AppendList(dst)
	for _, s := range list {
		dst = bencode.AppendString(dst, s)
	}
	return bencode.AppendEnd(dst)
}

// texts returns a list of strings, nil for none.
func texts(list []string) []byte {
	if len(list) == 0 {
		return nil
	}
	return appendTexts(nil, list)
}

// similar returns a list of hashes, nil for none.
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

func appendNodes(nodes []string) ([]byte, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	dst := bencode.AppendList(nil)
	for _, node := range nodes {
		host, p, err := net.SplitHostPort(node)
		if err != nil {
			return nil, fmt.Errorf("node %q: %w", node, err)
		}
		port, err := strconv.ParseUint(p, 10, 16)
		if err != nil || port == 0 || host == "" {
			return nil, fmt.Errorf("node %q is not host:port", node)
		}
		dst = bencode.AppendList(dst)
		dst = bencode.AppendString(dst, host)
		dst = bencode.AppendInt(dst, int64(port))
		dst = bencode.AppendEnd(dst)
	}
	return bencode.AppendEnd(dst), nil
}

// appendLayers returns the "piece layers" that are known, nil for a torrent
// without a v2 part.
func (i *Info) appendLayers() []byte {
	if !i.HasV2() {
		return nil
	}
	i.hashes.mu.RLock()
	defer i.hashes.mu.RUnlock()
	var entries []extraKey
	for root, hashes := range i.hashes.layers {
		b := bencode.AppendBytes(nil, flatten(hashes))
		entries = append(entries, extraKey{string(root[:]), b})
	}
	return appendDict(nil, entries)
}

func flatten(hashes [][32]byte) []byte {
	b := make([]byte, 0, 32*len(hashes))
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
