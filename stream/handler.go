package stream

import (
	"crypto/sha256"
	"net/http"
	"slices"
)

// A Handler serves torrents over HTTP.
type Handler struct {
	config   Config // with defaults
	tokenSum [sha256.Size]byte
	root     string // the path of the index page: a slash, and the token and another one
	server   *http.Server
}

// New makes a Handler. It starts no goroutine.
func New(c Config) (*Handler, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Handler{config: c, root: "/"}
	if !c.NoToken {
		h.tokenSum = sha256.Sum256([]byte(c.Token))
		h.root += c.Token + "/"
	}
	h.server = h.newServer()
	return h, nil
}

// ServeHTTP implements http.Handler. To put the Handler below another path, remove that
// path with http.StripPrefix.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSafeHeaders(w.Header())
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
		// net/http sees that a client is gone only after it has read the body.
		refuse(w, http.StatusBadRequest, "The request has a body. Send it without one.")
		return
	}
	h.serve(w, r, parseRoute(path))
}

// serve answers a request that is allowed.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, to route) {
	torrents := h.config.Torrents()
	i := slices.IndexFunc(torrents, func(t Torrent) bool { return t.ID() == to.torrent })
	if i < 0 {
		notFound(w)
		return
	}
	t := torrents[i]
	files := t.Files()
	if to.kind != kindFile || to.file >= len(files) {
		notFound(w)
		return
	}
	h.serveFile(w, r, t, to.file, files[to.file])
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
