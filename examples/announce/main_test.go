package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, nil))
	require.Equal(t, "peer 127.0.0.1:7000\n"+
		"seeds 1, leechers 1, again in 30m0s\n"+
		"scrape {Seeds:1 Leechers:1 Completed:0 Downloaders:1}\n", out.String())
}

// The tracker of somebody else knows of us while we are there, and not after that.
func TestRunWithURL(t *testing.T) {
	tracker := httptest.NewServer(trackerserver.New(trackerserver.Config{}))
	defer tracker.Close()
	url, id := tracker.URL+"/announce", swarm.ID{7}
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, []string{url, id.String()}))
	require.Equal(t, "seeds 0, leechers 1, again in 30m0s\n"+
		"scrape {Seeds:0 Leechers:1 Completed:0 Downloaders:1}\n", out.String())
	k, err := httptracker.New(url, httptracker.Config{})
	require.NoError(t, err)
	counts, err := k.Scrape(t.Context(), id)
	require.NoError(t, err)
	require.Zero(t, counts[id])
	require.Error(t, run(t.Context(), &out, []string{url, "no hash"}))
}
