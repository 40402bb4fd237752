package udptracker

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/swarm"
)

// Scrape asks the tracker with an announce URL about swarms. Scrape needs no Tracker,
// remembers nothing and may be called concurrently. The map is the caller's.
func Scrape(ctx context.Context, url string, c Config, ids ...swarm.ID) (map[swarm.ID]Counts, error) {
	s := NewTrackers(c)
	defer s.Close()
	t, err := s.New(url)
	if err != nil {
		return nil, err
	}
	return t.Scrape(ctx, ids...)
}

// Scrape asks the tracker about swarms. The tracker may leave out some. Each 74 swarms are
// one request, one after the other; Config.Timeout bounds each request. With an error it
// returns the counts received before. The map is the caller's. It may be called
// concurrently.
func (t *Tracker) Scrape(ctx context.Context, ids ...swarm.ID) (map[swarm.ID]Counts, error) {
	to := t.target()
	counts := make(map[swarm.ID]Counts, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), maxScrape)
		if err := t.scrapeSome(ctx, to, ids[:n], counts); err != nil {
			return counts, fmt.Errorf("udptracker: scrape %s: %w", to.shown, err)
		}
		ids = ids[n:]
	}
	return counts, nil
}

// scrapeSome asks for ids over all families and adds the first answer to counts.
func (t *Tracker) scrapeSome(ctx context.Context, to target, ids []swarm.ID, counts map[swarm.ID]Counts) error {
	c := &t.trackers.config
	calls, err := t.calls(ctx, to, c.Timeout)
	if err != nil {
		return err
	}
	var errs []error
	for o := range askRoutes(ctx, calls, 0, func(ctx context.Context, call routeCall) ([]byte, error) {
		x := exchange{
			socket:   call.socket,
			servers:  call.servers,
			schedule: new(schedule),
			silence:  c.Silence,
			timeout:  call.timeout,
			secrets:  to.secrets,
			action:   actionScrape,
			packet:   scrapePacket(ids),
		}
		return x.run(ctx)
	}) {
		if o.err != nil {
			errs = append(errs, o.err)
			continue
		}
		parseScrape(o.value, ids, counts)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return hideSecrets(joinRoutes(errs), to.secrets)
}
