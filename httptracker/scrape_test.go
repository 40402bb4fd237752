package httptracker

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// bep48 is the example of BEP 48, with the downloaders of BEP 21 in its second swarm.
const bep48 = "d5:filesd20:xxxxxxxxxxxxxxxxxxxxd8:completei11e10:downloadedi13772e10:incompletei19ee" +
	"20:yyyyyyyyyyyyyyyyyyyyd8:completei21e10:downloadedi206e11:downloadersi12e10:incompletei20eeee"

var (
	xs = swarm.ID([]byte("xxxxxxxxxxxxxxxxxxxx"))
	ys = swarm.ID([]byte("yyyyyyyyyyyyyyyyyyyy"))
)

func TestParseScrape(t *testing.T) {
	counts, err := parseScrape([]byte(bep48), []swarm.ID{xs, ys})
	require.NoError(t, err)
	require.Equal(t, map[swarm.ID]Counts{xs: {11, 19, 13772, -1}, ys: {21, 20, 206, 12}}, counts)

	counts, err = parseScrape([]byte(bep48), []swarm.ID{ys, {}})
	require.NoError(t, err)
	require.Equal(t, map[swarm.ID]Counts{ys: {21, 20, 206, 12}}, counts, "swarms that were not asked for are ignored")

	counts, err = parseScrape([]byte("d5:filesd20:xxxxxxxxxxxxxxxxxxxxdeee"), []swarm.ID{xs})
	require.NoError(t, err)
	require.Equal(t, map[swarm.ID]Counts{xs: {-1, -1, -1, -1}}, counts)

	for _, odd := range []string{
		bep48 + "x", bep48 + "\x00", "\ufeff\n" + bep48,
		strings.Replace(bep48, "d5:filesd", "d5:filesd3:abcde19:xxxxxxxxxxxxxxxxxxxi5e", 1),
	} {
		counts, err = parseScrape([]byte(odd), []swarm.ID{xs, ys})
		require.NoError(t, err, odd)
		require.Equal(t, map[swarm.ID]Counts{xs: {11, 19, 13772, -1}, ys: {21, 20, 206, 12}}, counts, odd)
	}
	counts, err = parseScrape([]byte(strings.Replace(bep48, "d8:completei11e10:downloadedi13772e10:incompletei19ee", "le", 1)), []swarm.ID{xs, ys})
	require.NoError(t, err)
	require.Equal(t, map[swarm.ID]Counts{ys: {21, 20, 206, 12}}, counts, "the entry of one swarm is not valid")
}

func TestParseScrapeRefuses(t *testing.T) {
	for _, body := range []string{
		"", "de", "le", "<html>", "d5:filesle", "d5:filesi5ee", "d5:filesd3:abcdeee",
		"d5:filesd20:xxxxxxxxxxxxxxxxxxxxi5eee", bep48[:50],
	} {
		_, err := parseScrape([]byte(body), []swarm.ID{xs})
		var wrong *ResponseError
		require.ErrorAs(t, err, &wrong, body)
	}
	_, err := parseScrape([]byte("d14:failure reason2:noe"), []swarm.ID{xs})
	var failure *FailureError
	require.ErrorAs(t, err, &failure)
}

func TestScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		var requests []string
		n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, r.URL.Path)
			hashes := r.URL.Query()["info_hash"]
			fmt.Fprint(w, "d5:filesd")
			for i, h := range hashes {
				fmt.Fprintf(w, "20:%sd8:completei%dee", h, i)
			}
			fmt.Fprint(w, "ee")
		})
		var ids []swarm.ID
		for i := range 100 {
			ids = append(ids, swarm.ID{0: byte(i), 1: '&', 2: '%'})
		}
		counts, err := Scrape(context.Background(), "http://tracker.test/announce", Config{Client: n.client}, ids...)
		require.NoError(t, err)
		require.Len(t, counts, 100)
		require.Equal(t, Counts{63, -1, -1, -1}, counts[ids[63]])
		require.Equal(t, Counts{0, -1, -1, -1}, counts[ids[64]])
		require.Equal(t, []string{"/scrape", "/scrape"}, requests)

		counts, err = Scrape(context.Background(), "http://tracker.test/announce", Config{Client: n.client})
		require.NoError(t, err)
		require.Empty(t, counts)
	})
}

func TestScrapeErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve("tracker.test", reply("d14:failure reason18:no key abcdef12345e"))
		c := Config{Client: n.client}
		_, err := Scrape(context.Background(), "http://tracker.test/abcdef12345/announce", c, xs)
		require.EqualError(t, err, "httptracker: scrape http://tracker.test/***/scrape: the tracker refused: no key ***")
		_, err = Scrape(context.Background(), "http://tracker.test/abcdef12345", c, xs)
		require.ErrorIs(t, err, ErrNoScrape)
		require.False(t, strings.Contains(err.Error(), "abcdef"))
		_, err = Scrape(context.Background(), "udp://tracker.test/announce", c, xs)
		require.Error(t, err)
	})
}

func FuzzParseScrape(f *testing.F) {
	f.Add([]byte(bep48))
	f.Add([]byte("d5:filesd20:xxxxxxxxxxxxxxxxxxxxdeee"))
	f.Add([]byte("d14:failure reason2:noe"))
	f.Fuzz(func(t *testing.T, body []byte) {
		counts, err := parseScrape(body, []swarm.ID{xs, ys})
		if err == nil && len(counts) > 2 {
			t.Fatalf("%d swarms, want 2", len(counts))
		}
		for id, c := range counts {
			if (id != xs && id != ys) || c.Seeds < -1 || c.Leechers < -1 || c.Completed < -1 {
				t.Fatalf("%v: %+v", id, c)
			}
		}
	})
}
