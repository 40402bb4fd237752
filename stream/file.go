package stream

import (
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/stream/internal/mediatype"
)

// serveFile answers a request for a file.
func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, t Torrent, index int, f File) {
	h.setFileHeaders(w.Header(), h.typeOf(r.Context(), t, index, f), f, r.URL.Query().Has("download"))
	x := h.newExchange(w, r, h.readers, h.config.WriteTimeout)
	c := &content{exchange: x, torrent: t, index: index, size: f.Length}
	x.begin = func() error { return c.open(contentLength(w.Header())) }
	defer x.end(c)
	http.ServeContent(x, limitRanges(r), "", time.Time{}, c)
	if x.place != nil && r.Context().Err() == nil && c.failed() != nil {
		x.abort(c.failed())
	}
}

// contentLength returns how many bytes an answer will have; the largest number if that is not known.
func contentLength(header http.Header) int64 {
	n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// setLength sets how many bytes an answer has.
func setLength(header http.Header, bytes int64) {
	header.Set("Content-Length", strconv.FormatInt(bytes, 10))
}

// setFileHeaders sets the headers of a file. Only a type that scripts cannot be in is shown; any
// other one is stored, and is a page without rights if somebody shows it all the same.
func (h *Handler) setFileHeaders(header http.Header, kind mediatype.Type, f File, download bool) {
	header.Set("Content-Type", kind.ContentType)
	header.Set("Cache-Control", "private, no-cache")
	if f.ETag != "" {
		header.Set("ETag", f.ETag)
	}
	show := kind.Inline && !download
	if show {
		header.Set("Content-Security-Policy", mediaPolicy)
	}
	way := "attachment"
	if show {
		way = "inline"
	}
	header.Set("Content-Disposition", disposition(way, f.Path))
	if kind.Kind == mediatype.Video || kind.Kind == mediatype.Audio || kind.Kind == mediatype.Image {
		setDLNA(header, kind.Kind)
	}
}

// mediaPolicy is the policy of files that are shown. A browser makes a page around them, which
// loads the file again and has a style. It has no sandbox, because the file would then be loaded
// by another origin.
const mediaPolicy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// setDLNA sets the headers that television sets ask for. The flags say that the file can be read in
// ranges of bytes, at the pace of the reader, and is not converted. Names of headers do not depend
// on case, but some sets do.
func setDLNA(header http.Header, kind mediatype.Kind) {
	mode := "Streaming"
	if kind == mediatype.Image {
		mode = "Interactive"
	}
	header["transferMode.dlna.org"] = []string{mode}
	header["contentFeatures.dlna.org"] = []string{"DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"}
}

// How long the first bytes of a file may take that is said to have them, and how many there are.
const (
	sniffTimeout = time.Second
	sniffLength  = 512
)

// typeOf returns the type of a file by its name; and if that says nothing and the first bytes are
// there, by these. It downloads nothing.
func (h *Handler) typeOf(ctx context.Context, t Torrent, index int, f File) mediatype.Type {
	kind := mediatype.ByName(f.Path)
	if !mediatype.Unknown(f.Path) || !f.Started || f.Length == 0 {
		return kind
	}
	ctx, cancel := context.WithTimeout(ctx, sniffTimeout)
	defer cancel()
	reader, err := t.Open(ctx, index)
	if err != nil {
		return kind
	}
	defer reader.Close()
	reader.SetAhead(-1)
	head := make([]byte, min(sniffLength, f.Length))
	_, err = io.ReadFull(reader, head)
	if err != nil {
		return kind
	}
	return mediatype.Sniff(f.Path, head)
}
