package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startConn returns a connection whose other side answers each command with what answer returns.
func startConn(t *testing.T, onEvent func(message), answer func(command message) string) *conn {
	t.Helper()
	theirIn, ourOut := io.Pipe()
	ourIn, theirOut := io.Pipe()
	c := newConn(ourOut, onEvent)
	done := make(chan struct{}, 2)
	go func() {
		c.read(ourIn)
		done <- struct{}{}
	}()
	go func() {
		in := bufio.NewReader(theirIn)
		for {
			b, err := in.ReadBytes(0)
			if err != nil {
				break
			}
			var m message
			require.NoError(t, json.Unmarshal(b[:len(b)-1], &m))
			out := answer(m)
			if out == "" {
				break
			}
			io.WriteString(theirOut, out)
		}
		theirOut.Close()
		theirIn.Close()
		done <- struct{}{}
	}()
	t.Cleanup(func() {
		ourOut.Close()
		<-done
		<-done
	})
	return c
}

func TestCall(t *testing.T) {
	var events []string
	c := startConn(t, func(m message) { events = append(events, m.Method) }, func(m message) string {
		require.Equal(t, "session", m.Session)
		switch m.Method {
		case "Wrong.command":
			return `{"id":2,"error":{"message":"not found"}}` + "\x00"
		case "Last.command":
			return ""
		}
		// An answer that nobody waits for, and an event, come before ours.
		return `{"id":77,"result":{}}` + "\x00" + `{"method":"Page.loaded"}` + "\x00" + `{"id":1,"result":{"value":"` + strings.Repeat("x", 100<<10) + `"}}` + "\x00"
	})
	var result struct{ Value string }
	require.NoError(t, c.call(t.Context(), "session", "Some.command", struct{}{}, &result))
	require.Len(t, result.Value, 100<<10)
	require.Equal(t, []string{"Page.loaded"}, events)

	var wrong *Error
	require.ErrorAs(t, c.call(t.Context(), "session", "Wrong.command", struct{}{}, nil), &wrong)
	require.Equal(t, Error{Method: "Wrong.command", Message: "not found"}, *wrong)

	require.ErrorIs(t, c.call(t.Context(), "session", "Last.command", struct{}{}, nil), io.EOF)
	require.ErrorIs(t, c.call(t.Context(), "session", "Later.command", struct{}{}, nil), io.EOF)
}

func TestCallEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := startConn(t, func(message) {}, func(message) string {
		cancel()
		return `{"method":"Other.event"}` + "\x00"
	})
	require.ErrorIs(t, c.call(ctx, "", "Some.command", struct{}{}, nil), context.Canceled)
	require.Empty(t, c.waiting)
}

func TestMessageIsTooLong(t *testing.T) {
	long := io.LimitReader(endless{}, maxMessage+1)
	require.ErrorIs(t, readMessages(long, func(message) {}), errTooLong)
}

// endless is a reader of letters.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func FuzzReadMessages(f *testing.F) {
	f.Add([]byte(`{"id":1,"result":{}}` + "\x00" + `{"method":"Page.loaded","params":{"entry":{"text":"x"}}}` + "\x00"))
	f.Add([]byte(`{"method":"Runtime.consoleAPICalled","params":{"args":[{"value":1}]},"sessionId":"s"}` + "\x00"))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		browser := &Browser{pages: make(map[string]*Page)}
		browser.conn = newConn(io.Discard, browser.event)
		p := &Page{browser: browser, session: "s", loaded: make(chan struct{}, 1)}
		browser.pages["s"] = p
		require.Error(t, browser.conn.read(bytes.NewReader(b)))
		require.Error(t, browser.conn.call(t.Context(), "s", "Some.command", struct{}{}, nil))
		require.LessOrEqual(t, len(p.Notes()), maxNotes)
	})
}
