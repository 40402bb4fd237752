package stream

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A timedRecorder is a ResponseRecorder that knows its deadline.
type timedRecorder struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (w *timedRecorder) SetWriteDeadline(at time.Time) error {
	w.deadline = at
	return nil
}

// newTimedExchange returns an exchange in which each write may take an hour.
func newTimedExchange(t *testing.T, h *Handler) (*exchange, *timedRecorder) {
	w := &timedRecorder{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	return h.newExchange(w, r, h.readers, time.Hour), w
}

// TestStopBeforeWrite checks that an exchange that lost its place does not get an hour for what
// is still to be sent.
func TestStopBeforeWrite(t *testing.T) {
	h := newHandler(t, Config{})
	x, w := newTimedExchange(t, h)
	defer x.end()
	_, err := x.Write([]byte("a"))
	require.NoError(t, err)
	require.True(t, w.deadline.After(time.Now()))
	x.stop()
	_, err = x.Write([]byte("b"))
	require.ErrorIs(t, err, errNoPlace)
	require.True(t, w.deadline.Before(time.Now()))
	require.Equal(t, "a", w.Body.String())
}

// TestNoPlace checks what a client hears that gets no place.
func TestNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler(t, Config{MaxReaders: 1})
		first, _ := newTimedExchange(t, h)
		first.WriteHeader(http.StatusOK)
		second, w := newTimedExchange(t, h)
		second.Header().Set("Content-Length", "1000")
		second.WriteHeader(http.StatusOK)
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, "10", w.Header().Get("Retry-After"))
		require.Empty(t, w.Header().Get("Content-Length"))
		require.Contains(t, w.Body.String(), "Close a player or a download, or try again later.")
		second.end()
		first.end()
	})
}

// TestLog checks that an error of a torrent is logged, unless it comes from a client that is gone.
func TestLog(t *testing.T) {
	var log bytes.Buffer
	h := newHandler(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	h.logFailure(ctx, errors.New("the disk failed"))
	require.Contains(t, log.String(), "the disk failed")
	log.Reset()
	cancel()
	h.logFailure(ctx, ctx.Err())
	require.Empty(t, log.String())
}
