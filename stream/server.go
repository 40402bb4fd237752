package stream

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How long a connection of Serve may take.
const (
	headerTimeout = 10 * time.Second // for the header of a request, from its first byte
	idleTimeout   = time.Minute      // between two requests
	shortTimeout  = 2 * time.Minute  // for an answer that needs no place, from the end of the one before
	maxHeader     = 64 << 10         // bytes; 10,000 ranges are less, and are ignored without an error
)

// newServer returns the server behind Serve.
func (h *Handler) newServer() *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         h.conns.changed,
		ErrorLog:          slog.NewLogLogger(h.config.Log.Handler(), slog.LevelWarn),
	}
}

// Serve answers requests on l until Shutdown, and closes l. It bounds connections and the time of
// requests. It returns nil after Shutdown. It may be called for several listeners at a time.
func (h *Handler) Serve(l net.Listener) error {
	err := h.server.Serve(listener{l, &h.conns})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown ends Serve: it closes the listeners, waits for the requests that are under way until
// the context is done, and then closes their connections. The error is that of the context if
// requests were cut off. The Handler cannot serve again.
func (h *Handler) Shutdown(ctx context.Context) error {
	err := h.server.Shutdown(ctx)
	if err != nil {
		h.server.Close()
	}
	return err
}
