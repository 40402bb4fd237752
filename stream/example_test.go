package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/shoal-bt/shoal/stream"
)

// A note is a torrent of one small file that is complete.
type note string

func (note) ID() string   { return "0123456789abcdef0123456789abcdef01234567" }
func (note) Name() string { return "a note" }

func (n note) Files() []stream.File {
	return []stream.File{{Path: "note.txt", Length: int64(len(n)), Held: int64(len(n)), Started: true}}
}

func (n note) Open(context.Context, int) (stream.Reader, error) {
	return reader{bytes.NewReader([]byte(n))}, nil
}

// A reader has everything, so it need not look ahead.
type reader struct{ *bytes.Reader }

func (reader) SetAhead(int64) {}
func (reader) Close() error   { return nil }

func Example() {
	torrent := note("Read me while I come.")
	h, err := stream.New(stream.Config{
		Torrents: func() []stream.Torrent { return []stream.Torrent{torrent} },
	})
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go h.Serve(l)
	defer h.Shutdown(context.Background())
	resp, err := http.Get(h.FileURL("http://"+l.Addr().String(), torrent, 0))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	fmt.Println(resp.Status, string(text), err)
	// Output: 200 OK Read me while I come. <nil>
}
