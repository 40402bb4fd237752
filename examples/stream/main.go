// Stream plays a file while it is downloaded: it prints a URL for a media player. Without arguments
// it reads the middle of a file of its own through such a URL.
//
//	stream [TORRENT [PEER...]]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/client/streaming"
	"github.com/shoal-bt/shoal/examples/internal/own"
	"github.com/shoal-bt/shoal/stream"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("stream: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	dir, remove, err := own.Dir()
	if err != nil {
		return err
	}
	defer remove()
	c, err := client.New(client.Config{Dir: dir, State: client.Off})
	if err != nil {
		return err
	}
	defer c.Close()
	if len(args) == 0 {
		return playOwn(ctx, out, c)
	}
	var peers []netip.AddrPort
	for _, a := range args[1:] {
		found, err := client.LookupPeer(ctx, a)
		if err != nil {
			return err
		}
		peers = append(peers, found...)
	}
	t, err := c.Add(ctx, args[0], client.AddOptions{Peers: peers})
	if err != nil {
		return err
	}
	return play(ctx, t, func(url string) error {
		fmt.Fprintln(out, url)
		<-ctx.Done()
		return nil
	})
}

// play serves the file of a torrent that is most likely to be played, while use runs.
func play(ctx context.Context, t *client.Torrent, use func(url string) error) error {
	if err := t.Ready(ctx); err != nil {
		return err
	}
	files := streaming.New(t)
	h, err := stream.New(stream.Config{Torrents: func() []stream.Torrent { return []stream.Torrent{files} }})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go h.Serve(l)
	err = use(h.FileURL("http://"+l.Addr().String(), files, stream.Choose(files.Files())))
	return errors.Join(err, h.Shutdown(context.WithoutCancel(ctx)))
}

// playOwn downloads from a seed of its own, and reads as a player does that seeks to the middle.
func playOwn(ctx context.Context, out io.Writer, c *client.Client) error {
	seed, err := own.NewSeed(ctx)
	if err != nil {
		return err
	}
	defer seed.Close()
	t, err := c.Add(ctx, seed.Torrent, client.AddOptions{Peers: []netip.AddrPort{seed.Addr}})
	if err != nil {
		return err
	}
	return play(ctx, t, func(url string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		r.Header.Set("Range", "bytes=4000000-4065535")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		fmt.Fprintf(out, "%s: %d bytes, %s\n", t.Name(), n, res.Header.Get("Content-Range"))
		return err
	})
}
