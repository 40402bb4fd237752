package protocol

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// A torrent that rests keeps its State and nothing else, so a client of 10,000 torrents pays
// for each byte of it 10,000 times. What few torrents need belongs behind a pointer, or into
// the workingSet. Go puts a header of 8 bytes before what is longer than 512 bytes and has
// pointers, and hands out 576 bytes or 640.
func TestStateIsSmall(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(State{}), uintptr(576-8))
}
