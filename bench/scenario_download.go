package main

import (
	"context"

	"github.com/shoal-bt/shoal/bench/internal/report"
)

// download is one torrent from seeders that are faster than any leecher.
func (l *lab) download() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "download", Title: "Download from a seeder that is faster",
		Note: "1 MiB pieces in one file from one peer, where nothing else is said. `floor` reads, hashes with SHA-1 of the standard library and writes, and nothing else.",
	}}
	s.contenders = []contender{{"floor", l.leecher(plain, 1, func(dir string, peers []string) []string {
		return l.command("floor", l.path(plain), dir+"/"+contentName, peers[0])
	})}}
	shoal := func(name, torrent string, peers int) {
		s.contenders = append(s.contenders, contender{name, l.leecher(torrent, peers, func(dir string, peers []string) []string {
			return l.own("leech", l.path(torrent), dir, peers)
		})})
	}
	shoal("shoal", plain, 1)
	if l.libtorrent != nil {
		s.contenders = append(s.contenders, contender{"libtorrent", l.leecher(plain, 1, func(dir string, peers []string) []string {
			return l.libtorrent.Command("leech", append([]string{l.path(plain), dir}, peers...)...)
		})})
	}
	shoal("shoal, 256 KiB pieces", small, 1)
	shoal("shoal, 16 MiB pieces", large, 1)
	shoal("shoal, 8 peers", plain, 8)
	shoal("shoal, 500 files", files, 1)
	return s
}

// leecher returns a run that downloads a torrent from a blast with the given number
// of addresses.
func (l *lab) leecher(torrent string, peers int, command func(dir string, peers []string) []string) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		dir, remove, err := l.target()
		if err != nil {
			return nil, err
		}
		defer remove()
		blast, err := l.start(ctx, "blast", "-ports", peers, l.path(torrent), l.path(contentName), "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer blast.Stop()
		addrs, err := fields(ctx, blast)
		if err != nil {
			return nil, err
		}
		f, err := l.measure(ctx, command(dir, addrs))
		return values(f, l.size), err
	}
}
