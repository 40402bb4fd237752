package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnds(t *testing.T) {
	words := make(map[string]bool)
	var harmless []End
	for e := EndLost; e <= EndStopped; e++ {
		words[e.String()] = true
		if e.Harmless() {
			harmless = append(harmless, e)
		}
	}
	require.Len(t, words, int(EndStopped)+1, "each has a word of its own")
	require.Equal(t, []End{EndDuplicate, EndUseless, EndIdle, EndReplaced, EndRemoved, EndStopped}, harmless)
}
