package completion

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Users hear of the pieces that are wanted each time that some of them came, sources once of
// all.
func TestWantedFirst(t *testing.T) {
	var c Completion
	c.Begin(false, false)
	c.PieceCame(true, false)
	c.Finish()
	require.True(t, c.Sync())
	require.False(t, c.Synced())
	require.True(t, c.Report(false))
	require.True(t, c.Reported)
	require.False(t, c.Unannounced)
	// More is wanted, and not any more: nothing came.
	c.WantMore()
	c.Finish()
	require.False(t, c.Report(false))
	// The rest comes.
	c.WantMore()
	c.PieceCame(true, false)
	c.PieceCame(true, true)
	c.Finish()
	require.True(t, c.Report(true))
	require.True(t, c.Unannounced)
	// A piece that was lost and came back is no news.
	c.Unannounced = false
	c.PieceCame(true, true)
	c.Finish()
	require.False(t, c.Report(true))
	require.False(t, c.Unannounced)
}

// The last piece of all may be one that is not wanted.
func TestLastIsNotWanted(t *testing.T) {
	var c Completion
	c.Begin(true, false)
	c.PieceCame(false, true)
	c.Finish()
	require.False(t, c.Report(true))
	require.True(t, c.Unannounced)
}

// What a check finds is no news, unless it was downloaded before the check.
func TestCheck(t *testing.T) {
	var c Completion
	c.BeginCheck()
	c.EndCheck(true, true)
	require.True(t, c.Reported)
	require.False(t, c.Report(true))
	c.PieceCame(true, true) // after it was lost
	require.False(t, c.Report(true))
	require.False(t, c.Unannounced)

	c = Completion{}
	c.PieceCame(true, true)
	c.Finish()
	require.True(t, c.Sync())
	c.BeginCheck() // before the sync ended
	require.False(t, c.Sync())
	c.EndCheck(true, true)
	require.False(t, c.Reported)
	require.True(t, c.Synced())
	require.True(t, c.Report(true))
	require.True(t, c.Unannounced)
}
