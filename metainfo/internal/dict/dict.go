// Package dict writes the bencoded dictionaries of .torrent files: for package
// metainfo, which writes what it has read, and for package builder.
package dict

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
)

// An Entry is one entry of a dictionary.
type Entry struct {
	Key string
	Raw []byte // the bencoded value
}

// Append appends a dictionary to dst. It sorts entries by key, as BEP 3 demands.
// https://www.bittorrent.org/beps/bep_0003.html#bencoding
func Append(dst []byte, entries []Entry) []byte {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	size := 2
	for _, e := range entries {
		size += len(e.Key) + len(e.Raw) + 8
	}
	dst = bencode.AppendDict(slices.Grow(dst, size))
	for _, e := range entries {
		dst = bencode.AppendString(dst, e.Key)
		dst = append(dst, e.Raw...)
	}
	return bencode.AppendEnd(dst)
}

// AppendTexts appends a list of strings to dst.
func AppendTexts(dst []byte, list []string) []byte {
	dst = bencode.AppendList(dst)
	for _, s := range list {
		dst = bencode.AppendString(dst, s)
	}
	return bencode.AppendEnd(dst)
}

// AppendNodes appends a list of DHT nodes to dst, each of which must be
// "host:port".
// https://www.bittorrent.org/beps/bep_0005.html#torrent-file-extensions
func AppendNodes(dst []byte, nodes []string) ([]byte, error) {
	dst = bencode.AppendList(dst)
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
