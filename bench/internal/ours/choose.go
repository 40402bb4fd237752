package ours

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A Choice says how the priorities of files change while they are downloaded.
type Choice struct {
	Every  time.Duration // from one call that changes those of all files to the next; 0 for never
	Singly int           // calls per second that change that of one file each
}

// Choose downloads a torrent into dir from peers and keeps state in a folder. It says how many
// priorities of files it changed per second meanwhile. All files are stored in one, because making
// many takes longer than the transfer.
func (c Choice) Choose(p *child.Parent, torrent, dir, state string, peers []string) error {
	var addrs []netip.AddrPort
	for _, s := range peers {
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return err
		}
		addrs = append(addrs, a)
	}
	all, err := client.New(client.Config{Dir: dir, State: state, Listen: client.Off, NewStorage: inOneFile})
	if err != nil {
		return err
	}
	defer all.Close()
	if err := p.Ready(""); err != nil {
		return err
	}
	began := time.Now()
	t, err := all.Add(p.Context(), torrent, client.AddOptions{Peers: addrs})
	if err != nil {
		return err
	}
	files, err := t.Files()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(p.Context())
	var changed int
	var errChange error
	var change sync.WaitGroup
	change.Go(func() { changed, errChange = c.change(ctx, t, files) })
	err = t.Wait(p.Context())
	took := time.Since(began)
	stop()
	change.Wait()
	if err == nil {
		err = errChange
	}
	if err != nil {
		return err
	}
	return p.Done(fmt.Sprint(float64(changed) / took.Seconds()))
}

// inOneFile returns a storage that has the bytes of all files of a torrent in one.
func inOneFile(t *metainfo.Torrent, dir string) (swarm.Storage, error) {
	return diskstore.Open(dir, []swarm.File{{Path: "all", Length: t.Info.Length}}, diskstore.Options{})
}

// change changes priorities until ctx ends, and returns how many.
func (c Choice) change(ctx context.Context, t *client.Torrent, files []client.File) (n int, err error) {
	every, tick := c.Every, 10*time.Millisecond
	if c.Singly > 0 {
		every = tick
	}
	if every == 0 {
		return 0, nil
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return n, nil
		case <-ticker.C:
		}
		if c.Singly == 0 {
			if err := t.SetPriorities(priorities(len(files), 1)); err != nil {
				return n, err
			}
			n += len(files)
			continue
		}
		for range int(float64(c.Singly) * tick.Seconds()) {
			if ctx.Err() != nil {
				break
			}
			if err := files[rand.IntN(len(files))].SetPriority(1 + rand.IntN(client.HighestPriority)); err != nil {
				return n, err
			}
			n++
		}
	}
}

// priorities returns n random priorities, least or more.
func priorities(n, least int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = least + rand.IntN(client.HighestPriority+1-least)
	}
	return all
}

// calls is how often ChangeAll changes all priorities.
const calls = 20

// ChangeAll adds a torrent that nobody has, and changes the priorities of all its files, again and
// again, so that some are not wanted if least is 0. It says how many seconds the slowest call took.
func ChangeAll(p *child.Parent, torrent, dir, state string, least int) error {
	c, err := client.New(client.Config{Dir: dir, State: state, Listen: client.Off})
	if err != nil {
		return err
	}
	defer c.Close()
	t, err := c.Add(p.Context(), torrent)
	if err != nil {
		return err
	}
	files, err := t.Files()
	if err != nil {
		return err
	}
	if err := p.Ready(""); err != nil {
		return err
	}
	var slowest time.Duration
	for range calls {
		all := priorities(len(files), least)
		began := time.Now()
		if err := t.SetPriorities(all); err != nil {
			return err
		}
		slowest = max(slowest, time.Since(began))
	}
	return p.Done(fmt.Sprint(slowest.Seconds()))
}
