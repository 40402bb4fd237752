package stream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// An exchange is a request that takes a place, and its answer. It is the ResponseWriter of the
// answer: each write has a deadline, and the place knows how the client takes them.
type exchange struct {
	http.ResponseWriter
	handler *Handler
	request *http.Request
	control *http.ResponseController
	ctx     context.Context // ends with the request, or when the place goes to another
	cancel  context.CancelFunc
	places  *places
	timeout time.Duration // of each write
	place   *place        // nil until there is content to send

	needsPlace bool         // false for HEAD, unless its headers are much work
	begin      func() error // opens the content; called with the place, before a status that has content
	stopped    atomic.Bool
	header     bool  // was written
	failure    error // of begin; nothing more is written then
}

// newExchange returns an exchange that takes its place when it writes content. The caller ends it.
func (h *Handler) newExchange(w http.ResponseWriter, r *http.Request, p *places, timeout time.Duration) *exchange {
	x := &exchange{
		ResponseWriter: w,
		handler:        h,
		request:        r,
		control:        http.NewResponseController(w),
		places:         p,
		timeout:        timeout,
		needsPlace:     r.Method != http.MethodHead,
	}
	x.ctx, x.cancel = context.WithCancel(r.Context())
	return x
}

// end closes what was opened, and gives the place back.
func (x *exchange) end(opened ...io.Closer) {
	x.cancel() // ends reads
	for _, c := range opened {
		c.Close()
	}
	if x.place != nil {
		x.places.release(x.place)
	}
}

// stop ends the exchange because another one gets its place.
func (x *exchange) stop() {
	x.stopped.Store(true)
	x.cancel()
	x.control.SetWriteDeadline(time.Unix(1, 0))
}

// start takes the place and opens the content.
func (x *exchange) start() error {
	place, err := x.places.acquire(x.ctx, x.request.RemoteAddr, x.stop)
	if err != nil {
		return err
	}
	x.place = place
	if x.begin == nil {
		return nil
	}
	return x.begin()
}

// WriteHeader implements http.ResponseWriter. If the content cannot be opened, the answer says so
// instead.
func (x *exchange) WriteHeader(status int) {
	if x.header {
		return
	}
	x.header = true
	hasContent := status == http.StatusOK || status == http.StatusPartialContent
	if hasContent && x.needsPlace {
		x.failure = x.start()
	}
	if x.failure == nil {
		x.ResponseWriter.WriteHeader(status)
		return
	}
	header := x.Header()
	for _, name := range []string{"Content-Length", "Content-Range", "Content-Disposition", "Accept-Ranges", "ETag"} {
		header.Del(name)
	}
	setSafeHeaders(header)
	if errors.Is(x.failure, errNoPlace) {
		header.Set("Retry-After", "10")
		refuse(x.ResponseWriter, http.StatusServiceUnavailable, "Too many requests are under way. Close a player or a download, or try again later.")
		return
	}
	x.handler.logFailure(x.ctx, x.failure)
	refuse(x.ResponseWriter, http.StatusInternalServerError, "The torrent cannot be read now. See what the program reports about it, and try again.")
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	if x.failure != nil {
		return 0, x.failure
	}
	if x.place == nil {
		return x.ResponseWriter.Write(b) // an error, which is short
	}
	x.control.SetWriteDeadline(time.Now().Add(x.timeout))
	if x.stopped.Load() {
		x.stop() // its deadline may have been replaced
		return 0, errNoPlace
	}
	x.place.startWrite()
	n, err := x.ResponseWriter.Write(b)
	x.place.endWrite(n)
	return n, err
}

// abort ends the connection, so that the client does not take what it got for all. The error is
// that of reading; it is logged unless the client is gone.
func (x *exchange) abort(err error) {
	if x.failure != nil {
		return // the answer says so
	}
	x.handler.logFailure(x.ctx, err)
	panic(http.ErrAbortHandler)
}

// logFailure logs an error of a torrent, unless the request ended first.
func (h *Handler) logFailure(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		h.config.Log.Warn("a torrent cannot be read", "error", err)
	}
}
