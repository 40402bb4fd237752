package httptracker

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// Counts are a tracker's numbers of one swarm, from
// https://www.bittorrent.org/beps/bep_0048.html#scrape-response. A number is -1 if the
// tracker did not send it.
type Counts struct {
	Seeds     int // peers that have everything, now
	Leechers  int // peers that do not, now
	Completed int // completed downloads, ever

	// Downloaders is the number of leechers that are no partial seeds, now:
	// https://www.bittorrent.org/beps/bep_0021.html#tracker-scrape.
	Downloaders int
}

// maxScrape is the largest number of swarms in one request. With 70 bytes for each,
// the URL stays below the 8 KiB that most servers accept.
const maxScrape = 64

// Scrape asks the tracker with an announce URL about swarms. The tracker may leave out
// some. Scrape needs no Tracker, remembers nothing and may be called concurrently. The
// map is the caller's. If there is no scrape URL, the error matches [ErrNoScrape].
func Scrape(ctx context.Context, url string, c Config, ids ...swarm.ID) (map[swarm.ID]Counts, error) {
	t, err := New(url, c)
	if err != nil {
		return nil, err
	}
	return t.Scrape(ctx, ids...)
}

// Scrape asks the tracker about swarms. The tracker may leave out some. Each 64 swarms
// are one request, one after the other; Config.Timeout bounds each request. With an
// error it returns the counts received before. The map is the caller's. It may be
// called concurrently.
func (t *Tracker) Scrape(ctx context.Context, ids ...swarm.ID) (map[swarm.ID]Counts, error) {
	at := t.target()
	to, err := at.scrape()
	if err != nil {
		return nil, fmt.Errorf("httptracker: scrape %s: %w", at.shown, err)
	}
	counts := make(map[swarm.ID]Counts, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), maxScrape)
		if err := t.scrapeSome(ctx, to, ids[:n], counts); err != nil {
			return counts, fmt.Errorf("httptracker: scrape %s: %w", to.shown, err)
		}
		ids = ids[n:]
	}
	return counts, nil
}

// scrapeSome asks for ids on all routes and adds the first answer to counts.
func (t *Tracker) scrapeSome(ctx context.Context, to target, ids []swarm.ID, counts map[swarm.ID]Counts) error {
	u := to.with(scrapeQuery(ids))
	var errs []error
	for o := range askRoutes(ctx, t.routes(to), 0, func(ctx context.Context, _ int, r route) (map[swarm.ID]Counts, error) {
		p, _, err := t.config.get(ctx, r, to, u, t.config.Timeout)
		if err != nil {
			return nil, err
		}
		got, err := parseScrape(p.body, ids)
		return got, p.responseError(err, to.secrets)
	}) {
		if o.err != nil {
			errs = append(errs, o.err)
			continue
		}
		for id, c := range o.value {
			counts[id] = c
		}
		errs = nil
		break
	}
	return joinRoutes(ctx, errs)
}

// parseScrape reads the answer to a scrape and returns the counts of ids. It ignores
// swarms whose entry is not valid. See
// https://www.bittorrent.org/beps/bep_0048.html#scrape-response.
func parseScrape(body []byte, ids []swarm.ID) (map[swarm.ID]Counts, error) {
	v, _, err := parseDict(body)
	if err != nil {
		return nil, err
	}
	files, err := v.GetDict("files")
	if err != nil {
		return nil, &ResponseError{Reason: "files", Err: err}
	}
	asked := make(map[swarm.ID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	counts := make(map[swarm.ID]Counts, len(ids))
	wrong := 0
	for key, entry := range files.Dict() {
		if len(key) != len(swarm.ID{}) || entry.Kind() != bencode.Dict {
			wrong++ // the other swarms may be right
			continue
		}
		id := swarm.ID(key)
		if asked[id] {
			counts[id] = Counts{
				Seeds:       count(entry, "complete"),
				Leechers:    count(entry, "incomplete"),
				Completed:   count(entry, "downloaded"),
				Downloaders: count(entry, "downloaders"),
			}
		}
	}
	if len(counts) == 0 && wrong > 0 {
		return nil, &ResponseError{Reason: fmt.Sprintf("%d entries of files are not valid, and none is of a swarm that was asked for", wrong)}
	}
	return counts, nil
}
