package verification

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// TestUnreadable says which file cannot be read, instead of calling it wrong.
func TestUnreadable(t *testing.T) {
	r := &readErrors{Storage: badDisk{swarm.NewMemory(10)}, byPath: make(map[string]error)}
	_, err := r.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, syscall.EIO)
	_, err = r.ReadVecAt([][]byte{make([]byte, 1)}, 5)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, map[string]error{"a": syscall.EIO}, r.byPath, "what is missing is not unreadable")

	m, err := builder.Options{}.Bytes(t.Context(), "a", make([]byte, 10))
	require.NoError(t, err)
	all := Faults(m.Info, []diskstore.FileStat{{Path: "a", Exists: true, Size: 10}}, swarm.NewBitfield(1), r.byPath, nil)
	require.Len(t, all, 1)
	require.Equal(t, Unreadable, all[0].Fault)
	require.Equal(t, syscall.EIO.Error(), all[0].Error)
	require.Empty(t, Faults(m.Info, []diskstore.FileStat{{Path: "a"}}, swarm.NewBitfield(1), nil, []uint8{0}), "it is not wanted")
}

// badDisk fails all reads: of the first bytes by an error, of others because they are missing.
type badDisk struct{ swarm.Storage }

func (badDisk) ReadAt(_ []byte, off int64) (int, error) {
	if off < 5 {
		return 0, fmt.Errorf("verify: %w", &diskstore.Error{Op: "read", Path: "a", Err: syscall.EIO})
	}
	return 0, &diskstore.Error{Op: "read", Path: "b", Err: os.ErrNotExist}
}
