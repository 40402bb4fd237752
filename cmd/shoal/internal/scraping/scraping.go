// Package scraping asks trackers how many peers swarms have.
//
// In come announce URLs and swarms; out goes what each tracker said. It knows HTTP and UDP
// trackers, and keeps nothing. Not here: where the URLs are from, and how results are shown.
package scraping

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// A Result is what one tracker said.
type Result struct {
	Tracker string // its announce URL, without passkeys
	Counts  map[swarm.ID]httptracker.Counts
	Err     error
}

// maxAtOnce is the number of trackers that are asked at the same time.
const maxAtOnce = 8

// patience bounds the wait for a tracker, because somebody waits at the terminal.
const patience = 20 * time.Second

// Ask asks all trackers and returns a result for each, in their order.
func Ask(ctx context.Context, trackers []string, ids []swarm.ID) []Result {
	udp := udptracker.NewTrackers(udptracker.Config{Timeout: patience, Silence: patience / 4})
	defer udp.Close()
	results := make([]Result, len(trackers))
	slots := make(chan struct{}, maxAtOnce)
	var asking sync.WaitGroup
	for i, url := range trackers {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			r := &results[i]
			r.Tracker = httptracker.Redact(url)
			r.Counts, r.Err = ask(ctx, udp, url, ids)
		})
	}
	asking.Wait()
	return results
}

// ask asks one tracker.
func ask(ctx context.Context, udp *udptracker.Trackers, url string, ids []swarm.ID) (map[swarm.ID]httptracker.Counts, error) {
	scheme, _, _ := strings.Cut(url, "://")
	if strings.EqualFold(scheme, "udp") {
		tracker, err := udp.New(url)
		if err != nil {
			return nil, naming(url, err)
		}
		got, err := tracker.Scrape(ctx, ids...)
		counts := make(map[swarm.ID]httptracker.Counts, len(got))
		for id, c := range got {
			counts[id] = httptracker.Counts(c)
		}
		return counts, err
	}
	tracker, err := httptracker.New(url, httptracker.Config{Timeout: patience})
	if err != nil {
		return nil, naming(url, err)
	}
	return tracker.Scrape(ctx, ids...)
}

// naming returns an error about a URL, which does not name it.
func naming(url string, err error) error {
	return fmt.Errorf("%s: %w", httptracker.Redact(url), err)
}
