package metadata

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
)

// A second link adds what the first does not have. What the first has of a kind of which there
// is one stays, and neither link changes.
func TestJoin(t *testing.T) {
	a := &metainfo.Magnet{
		HashV1:     [20]byte{1},
		Trackers:   []string{"t1"},
		WebSeeds:   []string{"w1"},
		Sources:    []string{"s1"},
		Acceptable: []string{"a1"},
		Peers:      []string{"p1"},
	}
	b := &metainfo.Magnet{
		HashV1:     [20]byte{1},
		HashV2:     [32]byte{2},
		Name:       "name",
		Length:     3,
		Trackers:   []string{"t2", "t1"},
		WebSeeds:   []string{"w2", "w1"},
		Sources:    []string{"s2", "s1"},
		Acceptable: []string{"a2", "a1"},
		Peers:      []string{"p2", "p1"},
		Select:     []metainfo.Range{{First: 1, Last: 2}},
	}
	both := &metainfo.Magnet{
		HashV1:     [20]byte{1},
		Name:       "name",
		Length:     3,
		Trackers:   []string{"t1", "t2"},
		WebSeeds:   []string{"w1", "w2"},
		Sources:    []string{"s1", "s2"},
		Acceptable: []string{"a1", "a2"},
		Peers:      []string{"p1", "p2"},
		Select:     []metainfo.Range{{First: 1, Last: 2}},
	}
	require.Equal(t, both, Join(a, b))
	require.Equal(t, []string{"t1"}, a.Trackers)
	other := &metainfo.Magnet{Name: "other", Length: 4, Select: []metainfo.Range{{First: 9, Last: 9}}}
	require.Equal(t, both, Join(both, other))
}
