package stream

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/url"
	"strconv"
	"strings"
)

// A kind is what a URL is for.
type kind int

const (
	kindNone    kind = iota // nothing
	kindIndex               // the list of torrents
	kindTorrent             // the page of a torrent
	kindFile                // a file
)

// A route is what a path leads to. Paths are
//
//	/TOKEN/                     the list of torrents
//	/TOKEN/ID/                  the page of a torrent
//	/TOKEN/ID/file/INDEX/NAME   a file
//
// The NAME at the end is for people and players, which show it; it decides nothing.
type route struct {
	kind    kind
	torrent string // ID
	file    int    // index
}

// parseRoute reads a path as it was sent, with its escapes, after the token was cut off. An
// escaped slash is part of a name.
func parseRoute(path string) route {
	elements := strings.Split(path, "/")
	if len(elements) == 1 && elements[0] == "" {
		return route{kind: kindIndex}
	}
	if !validID(elements[0]) {
		return route{}
	}
	r := route{torrent: elements[0]}
	switch {
	case len(elements) == 2 && elements[1] == "":
		r.kind = kindTorrent
	case len(elements) == 4 && elements[1] == "file":
		file, ok := parseIndex(elements[2])
		if !ok {
			return route{}
		}
		r.kind, r.file = kindFile, file
	default:
		return route{}
	}
	return r
}

// cutToken removes the slash and the token from the beginning of a path. The time it takes does
// not depend on how much of the token is right.
func (h *Handler) cutToken(path string) (rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	if !ok || h.config.NoToken {
		return path, ok
	}
	token, rest, ok := strings.Cut(path, "/")
	sum := sha256.Sum256([]byte(token))
	return rest, subtle.ConstantTimeCompare(sum[:], h.tokenSum[:]) == 1 && ok
}

// validID reports whether an ID may stand in a URL.
func validID(id string) bool {
	return len(id) > 0 && len(id) <= 64 && strings.Trim(id, "0123456789abcdef") == ""
}

// parseIndex reads a number as we write it: without sign and leading zeros.
func parseIndex(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == text
}

// URL returns the URL of the index page. The base is scheme, host and port of the server, such
// as "http://127.0.0.1:8080".
func (h *Handler) URL(base string) string {
	return strings.TrimSuffix(base, "/") + h.root
}

// FileURL returns the URL of the file of t with an index in its Files. The base is that of URL.
func (h *Handler) FileURL(base string, t Torrent, file int) string {
	return h.URL(base) + filePath(t.ID(), file, t.Files()[file].Path)
}

// filePath returns the path of a file below the root.
func filePath(id string, file int, path string) string {
	return id + "/file/" + strconv.Itoa(file) + "/" + nameInPath(path)
}

// nameInPath returns the last element of a path as the last element of a URL. A name that
// consists of dots would be taken for a folder.
func nameInPath(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if strings.Trim(name, ".") == "" {
		return "file"
	}
	return url.PathEscape(name)
}
