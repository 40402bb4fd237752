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
	kindNone      kind = iota // nothing
	kindIndex                 // the list of torrents
	kindTorrent               // the page of a torrent
	kindProgress              // the progress of such a page
	kindFile                  // a file
	kindSubtitles             // a file of subtitles as WebVTT
	kindArchive               // a folder as .zip
	kindM3U8                  // a playlist of a folder or of a file
	kindM3U                   // the same for old players
)

// A route is what a path leads to. Paths below the token are
//
//	                       the list of torrents
//	ID/                    the page of a torrent    ?folder= &page= &play=
//	ID/progress            its progress             ?folder= &page=
//	ID/file/INDEX/NAME     a file                   ?download
//	ID/vtt/INDEX/NAME      subtitles as WebVTT
//	ID/zip/NAME            a folder as .zip         ?folder=
//	ID/m3u8/NAME           a playlist               ?folder= or ?file=
//	ID/m3u/NAME            the same for old players
//
// The NAME at the end is for people and players, which show it; it decides nothing. Folders are in
// the query, because browsers change paths that have dots.
type route struct {
	kind    kind
	torrent string // ID
	file    int    // index
}

// Kinds by the element of the path after the ID.
var (
	kindsOfFiles   = map[string]kind{"file": kindFile, "vtt": kindSubtitles}
	kindsOfFolders = map[string]kind{"zip": kindArchive, "m3u8": kindM3U8, "m3u": kindM3U}
)

// parseRoute reads a path as it was sent, with its escapes, after the token was cut off. An
// escaped slash is part of a name.
func parseRoute(path string) route {
	elements := strings.SplitN(path, "/", 5)
	if len(elements) == 1 && elements[0] == "" {
		return route{kind: kindIndex}
	}
	if !validID(elements[0]) || len(elements) == 1 {
		return route{}
	}
	r := route{torrent: elements[0]}
	switch len(elements) {
	case 2:
		switch elements[1] {
		case "":
			r.kind = kindTorrent
		case "progress":
			r.kind = kindProgress
		}
	case 3:
		r.kind = kindsOfFolders[elements[1]]
	case 4:
		index, ok := parseIndex(elements[2])
		if ok {
			r.kind, r.file = kindsOfFiles[elements[1]], index
		}
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
	return id + "/" + fileIn("file", file, path)
}

// fileIn returns the path of a file below that of its torrent, for one of kindsOfFiles.
func fileIn(kind string, file int, path string) string {
	return kind + "/" + strconv.Itoa(file) + "/" + nameInPath(path)
}

// nameInPath returns the last element of a path as the last element of a URL.
func nameInPath(path string) string {
	return url.PathEscape(properName(path[strings.LastIndexByte(path, '/')+1:]))
}
