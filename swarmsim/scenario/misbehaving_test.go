package scenario

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarmsim"
	"github.com/stretchr/testify/require"
)

// TestMisbehaviorsHurtNobody runs each way to misbehave for a few minutes among few peers.
// The command swarmsim runs all of it with -misbehave.
func TestMisbehaviorsHurtNobody(t *testing.T) {
	for _, s := range Misbehaviors() {
		t.Run(s.Name, func(t *testing.T) {
			require.NotEmpty(t, s.Purpose)
			r := run(t, s.Name, Options{Seed: 1, Peers: 15, Pieces: 300, Time: 5 * time.Minute})
			require.NoError(t, Judge(r))
		})
	}
}

// TestJudge: each of what Judge looks at is found.
func TestJudge(t *testing.T) {
	good := func() *swarmsim.Result {
		return &swarmsim.Result{Peers: []swarmsim.PeerResult{{Seed: true, Completed: -1}, {Down: 100}}}
	}
	require.NoError(t, Judge(good()))
	for want, spoil := range map[string]func(r *swarmsim.Result){
		"honest peer 1 has not got everything: x": func(r *swarmsim.Result) { r.Peers[1].Completed, r.Peers[1].Reason = -1, "x" },
		"1 honest peers banned the honest peer 0": func(r *swarmsim.Result) { r.Peers[0].BannedBy = 1 },
		"2.0 % of what honest peers received":     func(r *swarmsim.Result) { r.Wasted = 2 },
		"dialed one address 8 times":              func(r *swarmsim.Result) { r.Peers[1].StraysOne = 8 },
	} {
		r := good()
		spoil(r)
		require.ErrorContains(t, Judge(r), want)
	}
}
