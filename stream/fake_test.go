package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	testToken = "token-of-tests"
	testID    = "c0ffee"
)

// A fakeTorrent has files whose bytes follow from their offset. Reads of bytes that are not
// held wait.
type fakeTorrent struct {
	id, name string
	files    []File
	missing  bool  // nothing is held
	openErr  error // of Open
	readErr  error // of reads

	mu      sync.Mutex
	readers map[*fakeReader]bool // that are open
	opened  int                  // so far
}

func newFake(files ...File) *fakeTorrent {
	return &fakeTorrent{id: testID, name: "A torrent", files: files, readers: make(map[*fakeReader]bool)}
}

func (f *fakeTorrent) ID() string    { return f.id }
func (f *fakeTorrent) Name() string  { return f.name }
func (f *fakeTorrent) Files() []File { return f.files }

func (f *fakeTorrent) Open(ctx context.Context, file int) (Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	if f.openErr != nil {
		return nil, f.openErr
	}
	r := &fakeReader{ctx: ctx, torrent: f, file: file, size: f.files[file].Length}
	f.readers[r] = true
	return r, nil
}

// open returns how many readers are open, and how many were opened.
func (f *fakeTorrent) count() (open, opened int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.readers), f.opened
}

// A fakeReader reads a file of a fakeTorrent.
type fakeReader struct {
	ctx     context.Context
	torrent *fakeTorrent
	file    int
	size    int64
	offset  int64

	mu    sync.Mutex
	ahead int64
}

// byteAt is the content of a file.
func byteAt(file int, offset int64) byte {
	return byte(offset) ^ byte(offset>>8) ^ byte(offset>>16) ^ byte(file)
}

func (r *fakeReader) Read(b []byte) (int, error) {
	if r.torrent.readErr != nil {
		return 0, r.torrent.readErr
	}
	if r.torrent.missing {
		<-r.ctx.Done()
	}
	if r.ctx.Err() != nil {
		return 0, r.ctx.Err()
	}
	if r.offset >= r.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), r.size-r.offset))
	for i := range n {
		b[i] = byteAt(r.file, r.offset+int64(i))
	}
	r.offset += int64(n)
	return n, nil
}

func (r *fakeReader) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("not from the start")
	}
	r.offset = offset
	return offset, nil
}

func (r *fakeReader) SetAhead(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead = bytes
}

func (r *fakeReader) Close() error {
	r.torrent.mu.Lock()
	defer r.torrent.mu.Unlock()
	if !r.torrent.readers[r] {
		return errors.New("closed twice")
	}
	delete(r.torrent.readers, r)
	return nil
}

// bytesOf returns a part of the content of a file.
func bytesOf(file int, from, to int64) string {
	b := make([]byte, to-from)
	for i := range b {
		b[i] = byteAt(file, from+int64(i))
	}
	return string(b)
}

// newHandler returns a Handler with the token of the tests.
func newHandler(t *testing.T, c Config, torrents ...Torrent) *Handler {
	if !c.NoToken {
		c.Token = testToken
	}
	c.Torrents = func() []Torrent { return torrents }
	h, err := New(c)
	require.NoError(t, err)
	return h
}

// request has a Handler answer a request. The path is below the root. Headers are pairs of a
// name and a value; "Host" sets the host.
func request(t *testing.T, h *Handler, method, path string, headers ...string) *http.Response {
	return requestFor(t, h, method, h.root+path, headers...)
}

// requestFor is like request, with a complete path.
func requestFor(t *testing.T, h *Handler, method, path string, headers ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, nil)
	r.Host = "127.0.0.1:8080"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// body returns the body of an answer.
func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

// fileNumber returns the path of a file below the root.
func fileNumber(i int) string { return fmt.Sprintf("%s/file/%d/x", testID, i) }
