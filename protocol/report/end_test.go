package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnds(t *testing.T) {
	words := make(map[string]bool)
	var harmless []End
	for e := EndLost; e <= EndReplaced; e++ {
		words[e.String()] = true
		if e.Harmless() {
			harmless = append(harmless, e)
		}
	}
	require.Len(t, words, int(EndReplaced)+1, "each has a word of its own")
	require.Equal(t, []End{EndDuplicate, EndUseless, EndIdle, EndRemoved, EndStopped, EndReplaced}, harmless)
}
