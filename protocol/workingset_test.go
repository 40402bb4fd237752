package protocol

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// A torrent that rests keeps its State and nothing else, so a client of 10,000 torrents pays
// for each byte of it 10,000 times. What few torrents need belongs behind a pointer, or into
// the workingSet.
func TestStateIsSmall(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(State{}), uintptr(768), "the next size of memory that Go hands out is 896")
}
