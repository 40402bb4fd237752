// Embedtracker puts a tracker into a web server beside other pages. The tracker
// serves only the torrents that are named.
//
//	embedtracker [ADDRESS [INFOHASH...]]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("embedtracker: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	allowed := map[swarm.ID]bool{{1}: true}
	address := "127.0.0.1:0"
	if len(args) > 0 {
		address, allowed = args[0], map[swarm.ID]bool{}
		for _, a := range args[1:] {
			id, err := client.ParseHash(a)
			if err != nil {
				return err
			}
			allowed[id] = true
		}
	}
	tracker := trackerserver.New(trackerserver.Config{
		Allow: func(id swarm.ID) bool { return len(allowed) == 0 || allowed[id] },
	})
	mux := http.NewServeMux()
	mux.Handle("/announce", tracker)
	mux.Handle("/scrape", tracker)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "%+v\n", tracker.Stats()) })
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	defer func() { server.Close(); <-done }()
	if len(args) > 0 {
		fmt.Fprintf(out, "tracker at http://%s/announce\n", l.Addr())
		<-ctx.Done()
		return nil
	}
	return try(ctx, out, "http://"+l.Addr().String()+"/announce")
}

// try announces a torrent that is allowed and one that is not.
func try(ctx context.Context, out io.Writer, url string) error {
	for _, id := range []swarm.ID{{1}, {2}} {
		a := swarm.Announcement{Swarm: id, Peer: swarm.PeerID{9}, Port: 6881, Event: swarm.Started}
		_, err := httptracker.Announce(ctx, url, a, httptracker.Config{})
		var refused *httptracker.FailureError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		fmt.Fprintf(out, "%x: refused %t\n", id[:1], refused != nil)
	}
	return nil
}
