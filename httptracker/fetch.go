package httptracker

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An httpResponse is a server's answer to one request.
type httpResponse struct {
	status     int
	body       []byte // decompressed
	incomplete error  // why the body may be incomplete; nil if it is complete
	encoding   string // if that is neither gzip nor none
	retryAfter time.Duration
}

// get requests u on route r and follows redirects. It returns sent, also with an
// error, if a request was written, because the tracker may then have processed it.
// Errors contain no URL and none of the target's secrets.
func (c *Config) get(ctx context.Context, r route, t target, u *url.URL, timeout time.Duration) (p httpResponse, sent bool, err error) {
	w := newWatchdog(ctx, timeout, c.Silence)
	defer w.stop()
	g := new(addressFilter)
	g.refuseLocal.Store(c.RefuseLocal)
	client, done := r.open(c, g)
	defer done()
	secrets := t.secrets
	for hops := 0; ; hops++ {
		if err := g.check(u.Hostname()); err != nil {
			return httpResponse{}, sent, hideURL(err, secrets)
		}
		p, location, err := c.getOnce(w, client, g, u)
		sent = sent || w.sent.Load()
		if err != nil {
			return httpResponse{}, sent, w.explain(hideURL(err, secrets))
		}
		if location == "" {
			if p.incomplete != nil {
				p.incomplete = w.explain(hideURL(p.incomplete, secrets))
			}
			return p, sent, nil
		}
		if hops == maxRedirects {
			return httpResponse{}, sent, &ResponseError{Reason: fmt.Sprintf("the answer redirects more than %d times", maxRedirects)}
		}
		next, err := u.Parse(location)
		if err != nil || next.Host == "" {
			return httpResponse{}, sent, &ResponseError{Reason: "the answer redirects to an invalid URL"}
		}
		if u.Scheme == "https" && next.Scheme != "https" {
			return httpResponse{}, sent, &ResponseError{Reason: "the answer redirects from https to another scheme"}
		}
		to, err := newTarget(next)
		if err != nil {
			return httpResponse{}, sent, &ResponseError{Reason: "the answer redirects to an invalid URL", Err: err}
		}
		secrets = append(secrets[:len(secrets):len(secrets)], to.secrets...)
		u = to.url
		g.redirected()
	}
}

// getOnce makes one request. If the answer is a redirect, location is not empty.
func (c *Config) getOnce(w *watchdog, client *http.Client, g *addressFilter, u *url.URL) (p httpResponse, location string, err error) {
	ctx := httptrace.WithClientTrace(w.ctx, &httptrace.ClientTrace{
		DNSDone: func(httptrace.DNSDoneInfo) { w.progress() },
		GotConn: func(i httptrace.GotConnInfo) {
			w.progress()
			g.connected(i.Conn)
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			w.progress()
			if i.Err == nil {
				w.sent.Store(true)
			}
		},
		GotFirstResponseByte: w.progress,
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return httpResponse{}, "", errors.New("the URL makes no valid request")
	}
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		return httpResponse{}, "", err
	}
	defer resp.Body.Close()
	w.progress()
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if location := resp.Header[hiddenLocation]; len(location) > 0 && location[0] != "" {
			return httpResponse{}, location[0], nil
		}
	}
	p.status = resp.StatusCode
	p.retryAfter = retryAfter(resp.Header)
	p.encoding = unknownEncoding(resp.Header.Get("Content-Encoding"))
	p.body, err = c.readBody(w, resp)
	if err != nil && len(p.body) > 0 && w.parent.Err() == nil {
		// The tracker may have sent all that matters and then not ended as it should.
		p.incomplete, err = err, nil
	}
	return p, "", err
}

// unknownEncoding returns a content encoding that is neither gzip nor none. Some trackers
// send a charset there, so only an answer that cannot be read is refused for it.
func unknownEncoding(header string) string {
	encoding := strings.ToLower(strings.TrimSpace(header))
	switch encoding {
	case "identity", "gzip", "x-gzip":
		return ""
	}
	return encoding
}

// readBody reads at most MaxBody bytes, before and after decompression, so that
// neither a large answer nor a compressed one needs more memory. If the body ends with
// an error, it returns what it has read; nothing if the body is too long.
func (c *Config) readBody(w *watchdog, resp *http.Response) ([]byte, error) {
	tooLong := &ResponseError{Reason: fmt.Sprintf("the answer is longer than %d bytes", c.MaxBody)}
	if resp.ContentLength > c.MaxBody {
		return nil, tooLong
	}
	raw := &io.LimitedReader{R: watchedReader{resp.Body, w}, N: c.MaxBody + 1}
	buffered := bufio.NewReaderSize(raw, 1<<10)
	var body io.Reader = buffered
	// The first bytes say what the answer is, because headers may be wrong: bencode
	// never begins as gzip does.
	start, _ := buffered.Peek(len(gzipMagic))
	isGzip := string(start) == gzipMagic
	if isGzip {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, gzipError(w, err)
		}
		body = io.LimitReader(unzipped, c.MaxBody+1)
	}
	b, err := io.ReadAll(body)
	switch {
	case int64(len(b)) > c.MaxBody || raw.N <= 0:
		return nil, tooLong
	case err != nil && isGzip:
		return b, gzipError(w, err)
	}
	return b, err
}

// gzipMagic begins every gzip file: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1.
const gzipMagic = "\x1f\x8b"

// gzipError returns a ResponseError if the tracker sent invalid gzip, and else err.
func gzipError(w *watchdog, err error) error {
	var corrupt flate.CorruptInputError
	theirs := errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if w.ctx.Err() != nil || !theirs {
		return err
	}
	return &ResponseError{Reason: "the answer is not valid gzip", Err: err}
}

// retryAfter reads the header Retry-After: seconds, or a date, which is compared with the
// header Date because the server's clock may be wrong. It returns 0 if there is none that
// is valid. See https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxWait)
}

// A watchdog ends a request after its timeout, or if nothing arrives for too long.
type watchdog struct {
	parent       context.Context
	ctx          context.Context
	cancel       context.CancelCauseFunc
	silence      time.Duration
	totalTimer   *time.Timer // nil for no limit
	silenceTimer *time.Timer // nil for no limit
	sent         atomic.Bool // a request was written
}

func newWatchdog(parent context.Context, timeout, silence time.Duration) *watchdog {
	w := &watchdog{parent: parent, silence: silence}
	w.ctx, w.cancel = context.WithCancelCause(parent)
	if timeout > 0 {
		w.totalTimer = time.AfterFunc(timeout, func() {
			w.cancel(fmt.Errorf("no answer after %v: %w", timeout, os.ErrDeadlineExceeded))
		})
	}
	if silence > 0 {
		w.silenceTimer = time.AfterFunc(silence, func() {
			w.cancel(fmt.Errorf("nothing came for %v: %w", silence, os.ErrDeadlineExceeded))
		})
	}
	return w
}

// progress restarts the timer of silence. It may be called concurrently and after
// stop.
func (w *watchdog) progress() {
	if w.silenceTimer != nil && w.ctx.Err() == nil {
		w.silenceTimer.Reset(w.silence)
	}
}

// stop stops the timers.
func (w *watchdog) stop() {
	w.cancel(nil)
	if w.totalTimer != nil {
		w.totalTimer.Stop()
	}
	if w.silenceTimer != nil {
		w.silenceTimer.Stop()
	}
}

// explain returns the reason if the watchdog or the caller ended the request, and
// else err.
func (w *watchdog) explain(err error) error {
	switch {
	case w.parent.Err() != nil:
		return w.parent.Err()
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	}
	return err
}

// A watchedReader reports each read that returned bytes to its watchdog.
type watchedReader struct {
	r io.Reader
	w *watchdog
}

func (r watchedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.w.progress()
	}
	return n, err
}
