// Package unsupported says what torrents have to find peers or content by and Shoal cannot use
// yet. A metainfo.Torrent or a metainfo.Magnet comes in, words for people go out.
package unsupported

import (
	"net/url"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/metainfo"
)

// Features names what a torrent has to find peers or content by and what Shoal does
// not do yet, such as "WebSocket trackers" and "web seeds".
func Features(meta *metainfo.Torrent) (all []string) {
	all = kindsOf(slices.Concat(meta.Tiers...))
	if len(meta.WebSeeds)+len(meta.HTTPSeeds) > 0 {
		all = append(all, "web seeds")
	}
	return all
}

// kindsOf names the kinds of trackers that Shoal does not announce to, each once.
func kindsOf(addresses []string) (all []string) {
	for _, address := range addresses {
		what := Trackers(address)
		if what != "" && !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	return all
}

// Trackers names the kind of a tracker that Shoal does not announce to; empty for those
// that it does.
func Trackers(address string) string {
	scheme := ""
	if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
		scheme = strings.ToLower(u.Scheme)
	}
	switch scheme {
	case "http", "https", "udp":
		return ""
	case "ws", "wss":
		return "WebSocket trackers"
	}
	return "trackers of unknown kinds"
}

// andList joins words: "a", "a and b", "a, b and c".
func andList(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// WhyNoPeers says why no tracker can find peers of a torrent. isLocal says that the local network is
// searched all the same.
func WhyNoPeers(meta *metainfo.Torrent, isLocal bool) string {
	end := "cannot find peers"
	if isLocal {
		end = "finds peers on the local network alone"
	}
	missing := Features(meta)
	if len(missing) == 0 {
		return "the torrent names no tracker, so Shoal " + end
	}
	return "the torrent names only " + andList(missing) + ", which Shoal does not support yet, so it " + end
}

// WhyNoMetadata says why nobody can be asked for the metadata of a link.
func WhyNoMetadata(link *metainfo.Magnet) string {
	missing := kindsOf(link.Trackers)
	if len(link.WebSeeds) > 0 {
		missing = append(missing, "web seeds")
	}
	if len(missing) == 0 {
		return "the link names nobody whom Shoal can ask for the metadata"
	}
	return "the link names only " + andList(missing) + ", which Shoal cannot ask for the metadata yet"
}
