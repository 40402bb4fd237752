package trackertool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/scraping"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Scrape is the command "scrape".
type Scrape struct {
	Source string   `arg:"" help:"Announce URL of a tracker (http, https or udp), a .torrent file, a magnet link, or - for a .torrent file on standard input."`
	Hash   []string `arg:"" optional:"" help:"Info hashes to ask about. Those of a .torrent file or a magnet link need not be named."`
}

// Help is shown below the usage.
func (Scrape) Help() string {
	return `Each tracker of a .torrent file or a magnet link is asked. Nothing is announced, so other peers do not learn of you.
The exit code is 1 if no tracker answered.

Examples:

    shoal scrape some.torrent
    shoal scrape some.torrent --json | jq .seeds
    shoal scrape udp://tracker.example:6969 0123456789abcdef0123456789abcdef01234567`
}

// maxScraped is the number of trackers of a torrent that are asked.
const maxScraped = 100

// scrapedJSON is the JSON object of what a tracker said of a torrent. Numbers that it did not
// send are left out; so are all if it does not know the torrent.
type scrapedJSON struct {
	Event     string `json:"event"` // "scraped"
	Torrent   string `json:"torrent"`
	Tracker   string `json:"tracker"` // announce URL, without passkeys
	Seeds     *int   `json:"seeds,omitempty"`
	Leechers  *int   `json:"leechers,omitempty"`
	Completed *int   `json:"completed,omitempty"` // downloads, ever

	Downloaders *int `json:"downloaders,omitempty"` // leechers that are no partial seeds
}

// Run asks the trackers.
func (cmd Scrape) Run(ctx context.Context, c *console.Console) error {
	trackers, ids, err := cmd.resolve(ctx, c)
	if err != nil {
		return err
	}
	if len(trackers) > maxScraped {
		c.Warn("only the first %d of %d trackers are asked", maxScraped, len(trackers))
		trackers = trackers[:maxScraped]
	}
	results := scraping.Ask(ctx, trackers, ids)
	if err := ctx.Err(); err != nil {
		return err
	}
	answered := slices.ContainsFunc(results, func(r scraping.Result) bool { return r.Err == nil })
	kind := "error"
	if answered {
		kind = "warning"
	}
	var failed error
	for _, r := range results {
		showScraped(c, r, ids)
		if r.Err != nil {
			failed = console.ReportedError{Err: r.Err}
			c.Report(console.Failure{Event: kind, Message: message.Of(r.Err), Advice: c.Command.Advice(r.Err)}, "")
		}
	}
	if answered {
		return nil
	}
	return failed
}

// showScraped prints what a tracker said of each torrent.
func showScraped(c *console.Console, r scraping.Result, ids []swarm.ID) {
	if r.Err != nil && len(r.Counts) == 0 {
		return
	}
	c.Say("%s", r.Tracker)
	for _, id := range ids {
		counts, known := r.Counts[id]
		if !known {
			counts = httptracker.Counts{Seeds: -1, Leechers: -1, Completed: -1, Downloaders: -1}
		}
		object := scrapedJSON{Event: "scraped", Torrent: id.String(), Tracker: r.Tracker}
		var texts []string
		for _, n := range []struct {
			to    **int
			value int
			one   string
		}{{&object.Seeds, counts.Seeds, "seed"}, {&object.Leechers, counts.Leechers, "leecher"}, {&object.Completed, counts.Completed, "completed download"}} {
			if n.value >= 0 {
				*n.to = &n.value
				texts = append(texts, quantity.Count(n.value, n.one))
			}
		}
		if counts.Downloaders >= 0 {
			object.Downloaders = &counts.Downloaders
		}
		partial := counts.Leechers - counts.Downloaders
		if counts.Downloaders >= 0 && partial > 0 {
			texts = append(texts, quantity.Count(partial, "partial seed")+" among the leechers")
		}
		if len(texts) == 0 {
			texts = []string{"the tracker does not know this torrent"}
		}
		c.Emit(object)
		c.Say("  %s  %s", id, strings.Join(texts, ", "))
	}
}

// resolve returns the trackers to ask and the swarms to ask about.
func (cmd Scrape) resolve(ctx context.Context, c *console.Console) (trackers []string, ids []swarm.ID, err error) {
	lower := strings.ToLower(cmd.Source)
	switch {
	case strings.HasPrefix(lower, "magnet:"):
		m, err := metainfo.ParseMagnet(cmd.Source)
		if err != nil {
			return nil, nil, advice.New(err, torrentsource.LinkAdvice)
		}
		trackers, ids = m.Trackers, m.IDs()
	case strings.Contains(cmd.Source, "://"):
		if err := address.CheckURL(cmd.Source, "http", "https", "udp"); err != nil {
			return nil, nil, usage.Error{Err: err}
		}
		trackers = []string{cmd.Source}
	default:
		_, notHash := client.ParseHash(cmd.Source)
		_, notFile := os.Stat(cmd.Source)
		if notHash == nil && notFile != nil {
			return nil, nil, usage.Error{Err: errors.New("name a tracker, a .torrent file or a magnet link before the info hash")}
		}
		t, err := torrentsource.Read(ctx, c, cmd.Source)
		if err != nil {
			return nil, nil, err
		}
		trackers, ids = slices.Concat(t.Tiers...), t.IDs()
	}
	for _, text := range cmd.Hash {
		id, err := client.ParseHash(text)
		if err != nil {
			return nil, nil, usage.Error{Err: fmt.Errorf("%.80q is not an info hash; give 40 hexadecimal digits, or 64 for v2", text)}
		}
		ids = append(ids, id)
	}
	trackers, ids = distinct(trackers), distinct(ids)
	switch {
	case len(ids) == 0:
		return nil, nil, usage.Error{Err: errors.New("an argument is missing: name the info hash to ask the tracker about")}
	case len(trackers) == 0:
		return nil, nil, advice.New(errors.New("the torrent names no tracker"), "Name one: its announce URL, then the info hash "+ids[0].String()+".")
	}
	return trackers, ids, nil
}

// distinct returns each of all once, in order.
func distinct[T comparable](all []T) []T {
	seen := make(map[T]bool)
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}
