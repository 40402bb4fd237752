package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/load"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/wan"
)

const (
	describedLen    = 16 << 10 // bytes of a piece of the content of the torrents of this scenario
	describedPieces = 2
	onePiece        = 8 << 10     // bytes of metadata, less than a piece of it
	longMetadata    = 1 << 20     // bytes
	slowness        = time.Second // of a slow peer, before each piece of metadata
)

// magnets gets the metadata of magnet links over the link.
func (r *runner) magnets() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "magnet", Title: fmt.Sprintf("Magnet links: %d Mbit/s, %v one way", linkRate, linkDelay),
		Note: fmt.Sprintf("Until the metadata is here, from the first SYN on; and until the first byte of a block, from the first handshake of a peer on. A slow peer waits %v before each piece of metadata, a lying one sends wrong bytes.", slowness),
	}}
	l := r.carried(s)
	run := func(name string, size, peers, slow, lying int) {
		s.contenders = append(s.contenders, contender{name, func(ctx context.Context) (report.Values, error) {
			dir, remove, err := r.target()
			if err != nil {
				return nil, err
			}
			defer remove()
			p, err := child.Start(ctx, append(l.near, r.command("describe", "-peers", peers, "-slow", slow, "-lying", lying, size)...)...)
			if err != nil {
				return nil, err
			}
			defer p.Stop()
			words, err := fields(ctx, p)
			if err != nil {
				return nil, err
			}
			f, err := child.Start(ctx, append(l.far, r.own("fetch", words[0], dir, words[1:])...)...)
			if err != nil {
				return nil, err
			}
			defer f.Stop()
			_, text, err := f.Run(ctx)
			if err != nil {
				return nil, err
			}
			var metadata, first float64
			if _, err := fmt.Sscan(text, &metadata, &first); err != nil {
				return nil, err
			}
			return report.Values{report.Metadata: metadata, report.First: first}, nil
		}})
	}
	run("shoal, 1 MiB, 1 peer", longMetadata, 1, 0, 0)
	run("shoal, 1 MiB, 5 peers, 1 slow, 1 lying", longMetadata, 5, 1, 1)
	run("shoal, 8 KiB, 1 peer", onePiece, 1, 0, 0)
	return s
}

// describe is the part that is the peers: the slow ones first, then the lying ones. It says
// the link, and their addresses.
func describe(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	peers := flags.Int("peers", 1, "peers, each at an address of its own")
	slow := flags.Int("slow", 0, "how many of them are slow")
	lying := flags.Int("lying", 0, "how many of them send wrong bytes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 1, func(a []string) error {
		var size int
		if _, err := fmt.Sscan(a[0], &size); err != nil {
			return err
		}
		info := infoOfZeros(size)
		id := sha1.Sum(info)
		words := []string{"magnet:?xt=urn:btih:" + hex.EncodeToString(id[:])}
		var all sync.WaitGroup
		defer all.Wait()
		for i := range *peers {
			l, err := net.Listen("tcp", wan.Another(i)+":0")
			if err != nil {
				return err
			}
			d := load.Describer{
				Torrent: load.Torrent{ID: id, PieceLength: describedLen, Length: describedPieces * describedLen},
				Info:    info,
			}
			if i < *slow {
				d.Delay = slowness
			} else if i < *slow+*lying {
				d.Lies = true
			}
			words = append(words, l.Addr().String())
			all.Go(func() { d.Serve(p.Context(), l) })
		}
		return p.Say("ready", strings.Join(words, " "))
	})
}

// infoOfZeros returns the info dictionary of a torrent of zeros, filled up to about size
// bytes with a key that nobody knows.
func infoOfZeros(size int) []byte {
	h := sha1.Sum(make([]byte, describedLen))
	info := fmt.Sprintf("d6:lengthi%de4:name5:zeros12:piece lengthi%de6:pieces%d:%s7:unknown",
		describedPieces*describedLen, describedLen, describedPieces*len(h), strings.Repeat(string(h[:]), describedPieces))
	n := max(0, size-len(info)-len("1234567:e"))
	return fmt.Appendf(nil, "%s%d:%se", info, n, strings.Repeat("x", n))
}
