package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// diskThreads is the number of threads that hash in a recheck from a disk.
const diskThreads = 2

// disk is a download to a disk and a recheck from it, neither helped by the page cache:
// the download ends when everything is on the disk, and the recheck reads it from there.
func (r *runner) disk() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "disk", Title: "Download to a disk, recheck from it",
		Note: fmt.Sprintf("1 MiB pieces in one file. The time of a download includes fsync at the end. Before a recheck, with %d threads that hash, the content is dropped from the page cache.", diskThreads),
	}}
	s.open = func(ctx context.Context) error {
		if err := onDisk(r.dir); err != nil {
			return fmt.Errorf("%w: %w", errLeftOut, err)
		}
		if err := r.prepare(ctx); err != nil {
			return err
		}
		return syncFiles(r.dir)
	}
	add := func(name string, leech func(dir string, peers []string) []string, recheck []string) {
		s.contenders = append(s.contenders,
			contender{name, r.leecher(plain, 1, leech, syncFiles)},
			contender{name + ", recheck", func(ctx context.Context) (report.Values, error) {
				if err := evict(r.path(contentName)); err != nil {
					return nil, err
				}
				return r.checker(recheck)(ctx)
			}})
	}
	add("shoal", func(dir string, peers []string) []string {
		return r.own("leech", r.path(plain), dir, peers)
	}, r.own("recheck", "-workers", diskThreads, r.path(plain), r.dir))
	if r.libtorrent != nil {
		add("libtorrent", func(dir string, peers []string) []string {
			return r.libtorrent.Command("leech", append([]string{r.path(plain), dir}, peers...)...)
		}, r.libtorrent.Command("recheck", r.path(plain), r.dir, fmt.Sprint(diskThreads)))
	}
	return s
}

// measureSynced measures a command from "ready" to "done", and then until sync has ended.
func (r *runner) measureSynced(ctx context.Context, argv []string, sync func() error) (child.Figures, error) {
	p, err := child.Start(ctx, argv...)
	if err != nil {
		return child.Figures{}, err
	}
	defer p.Stop()
	if _, err := p.Ready(ctx); err != nil {
		return child.Figures{}, err
	}
	f, _, err := p.Go(ctx)
	if err != nil {
		return child.Figures{}, err
	}
	done := time.Now()
	if err := sync(); err != nil {
		return child.Figures{}, err
	}
	f.Wall += time.Since(done)
	return f, p.Stop()
}

// syncFiles returns when all files below a folder are on the disk.
func syncFiles(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
