package trackertool

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/trackerserver"
)

// TestTrackerFigures checks that the figures tell UDP from HTTP.
func TestTrackerFigures(t *testing.T) {
	st := trackerserver.Stats{
		Announces: 1234,
		Scrapes:   2,
		Refused:   3,
		UDP:       trackerserver.UDPStats{Connects: 5, Announces: 1000, Scrapes: 1, Refused: 1, Unproven: 6, Ignored: 7},
		Totals:    trackerserver.Totals{Swarms: 8, Peers: 9, Seeds: 1},
	}
	require.Equal(t, "1,234 announces (1,000 over UDP), 6 unproven packets, 3 refusals, 8 torrents, 9 peers, 1 seed", formatStats(st))
	b, err := json.Marshal(Tracker{}.statsJSON(st))
	require.NoError(t, err)
	require.JSONEq(t, `{"event":"stats","announces":1234,"scrapes":2,"refused":3,"swarms":8,"peers":9,"seeds":1,
		"udp":{"connects":5,"announces":1000,"scrapes":1,"refused":1,"unproven":6,"ignored":7}}`, string(b))
	b, err = json.Marshal(Tracker{NoUDP: true}.statsJSON(trackerserver.Stats{}))
	require.NoError(t, err)
	require.JSONEq(t, `{"event":"stats","announces":0,"scrapes":0,"refused":0,"swarms":0,"peers":0,"seeds":0}`, string(b))
}
