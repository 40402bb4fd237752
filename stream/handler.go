package stream

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/stream/internal/playlist"
)

// A Handler serves torrents over HTTP.
type Handler struct {
	config   Config // with defaults
	tokenSum [sha256.Size]byte
	root     string  // the path of the index page: a slash, and the token and another one
	readers  *places // of requests that read files
	archives *places // of those for archives, which take more memory
	pages    *places // of the others
	budget   budget
	conns    conns // of Serve
	server   *http.Server
}

// New makes a Handler. It starts no goroutine.
func New(c Config) (*Handler, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Handler{
		config:   c,
		root:     "/",
		readers:  &places{most: c.MaxReaders},
		archives: &places{most: max(1, c.MaxReaders/8)},
		pages:    &places{most: maxPages},
		budget:   budget{total: c.Ahead},
		conns:    conns{most: c.MaxConns},
	}
	if !c.NoToken {
		h.tokenSum = sha256.Sum256([]byte(c.Token))
		h.root += c.Token + "/"
	}
	h.server = h.newServer()
	return h, nil
}

// bodyTimeout is how long a body may take that a request should not have.
const bodyTimeout = time.Second

// ServeHTTP implements http.Handler. To put the Handler below another path, remove that
// path with http.StripPrefix.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSafeHeaders(w.Header())
	if r.ContentLength != 0 {
		// net/http reads the body after the answer, and would wait for it without end.
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	if !h.config.hostAllowed(r.Host) {
		refuse(w, http.StatusForbidden, "This server is not reached by this name. Use its address, or allow the name when you start it.")
		return
	}
	if !sameSite(r) {
		refuse(w, http.StatusForbidden, "Another site sent this request. Copy the address into the address bar.")
		return
	}
	path, ok := h.cutToken(r.URL.EscapedPath())
	if !ok {
		notFound(w)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "Only GET and HEAD are allowed.")
		return
	}
	if r.ContentLength != 0 {
		// While there is a body that nobody reads, net/http does not see that a client is gone.
		refuse(w, http.StatusBadRequest, "The request has a body. Send it without one.")
		return
	}
	h.serve(w, r, parseRoute(path))
}

// serve answers a request that is allowed.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, to route) {
	torrents := h.config.Torrents()
	if to.kind == kindIndex {
		h.serveIndex(w, r, torrents)
		return
	}
	i := slices.IndexFunc(torrents, func(t Torrent) bool { return t.ID() == to.torrent })
	if to.kind == kindNone || i < 0 {
		notFound(w)
		return
	}
	t := torrents[i]
	files := t.Files()
	isFile := to.kind == kindFile || to.kind == kindSubtitles
	if isFile && to.file >= len(files) {
		notFound(w)
		return
	}
	switch to.kind {
	case kindTorrent:
		address := parseAddress(r.URL.Query())
		h.writePage(w, r, func() view { return torrentView(t, files, address, len(torrents) == 1) })
	case kindProgress:
		h.serveProgress(w, r, files)
	case kindFile:
		h.serveFile(w, r, t, to.file, files[to.file])
	case kindSubtitles:
		h.serveSubtitles(w, r, t, to.file, files[to.file])
	case kindArchive:
		h.serveArchive(w, r, t, files, r.URL.Query().Get("folder"))
	case kindM3U8:
		h.servePlaylist(w, r, t, files, playlist.ContentTypeM3U8)
	case kindM3U:
		h.servePlaylist(w, r, t, files, playlist.ContentTypeM3U)
	}
}

// setSafeHeaders sets the headers that each answer has. Those of pages and of files that are
// shown have a policy of their own.
func setSafeHeaders(header http.Header) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Security-Policy", sandboxPolicy)
}

// sandboxPolicy is the policy of what must not be a page.
const sandboxPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// notFound says nothing, so that a wrong token and a missing file look alike.
func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "Not found.") }

// refuse ends a request with a text, and the connection with it.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Connection", "close")
	http.Error(w, text, status)
}
