// Getmetadata prints the name and the files of a magnet link's torrent, from the metadata
// that peers send. Without arguments it asks a peer of its own.
//
//	getmetadata [-peer ADDRESS]... [MAGNET]
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"strings"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		log.Fatal("getmetadata: ", err)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	var peers []swarm.Address
	flags := flag.NewFlagSet("getmetadata", flag.ContinueOnError)
	flags.Func("peer", "an address of a peer, such as 192.0.2.1:6881; may be repeated", func(s string) error {
		a, err := netip.ParseAddrPort(s)
		peers = append(peers, swarm.Address{AddrPort: a})
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return show(ctx, out, flags.Arg(0), peers)
	}
	p, err := newPeer(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	return show(ctx, out, p.link, []swarm.Address{p.addr})
}

// show gets the metadata of a link and prints what it says.
func show(ctx context.Context, out io.Writer, link string, peers []swarm.Address) error {
	m, err := metainfo.ParseMagnet(link)
	if err != nil {
		return err
	}
	for _, s := range m.Peers {
		a, err := netip.ParseAddrPort(s)
		if err == nil { // others are host names
			peers = append(peers, swarm.Address{AddrPort: a})
		}
	}
	if len(peers) == 0 {
		return errors.New("the link names no peer by its IP address; name one with -peer")
	}
	var id swarm.PeerID
	rand.Read(id[:])
	c := connect.New(connect.Options{})
	defer c.Close()
	result, err := magnet.Fetch(ctx, magnet.Options{
		HashV1:    m.HashV1,
		HashV2:    m.HashV2,
		Connector: c,
		PeerID:    id,
		Peers:     peers,
	})
	if err != nil {
		return err
	}
	defer result.Close() // a download would go on with its connections
	info, err := metainfo.ParseInfo(result.Info)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%q, %d bytes of metadata\n", info.Name, len(result.Info))
	for _, f := range info.Files() {
		if !f.Pad {
			fmt.Fprintf(out, "%12d %q\n", f.Length, strings.TrimPrefix(f.Path, info.Name+"/"))
		}
	}
	return nil
}
