package peerwire

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExtensions(t *testing.T) {
	e := Extensions{"b": 2, "a": 2, "off": 0, "c": 3}
	id, ok := e.ID("c")
	require.True(t, ok)
	require.EqualValues(t, 3, id)
	_, ok = e.ID("off")
	require.False(t, ok)
	_, ok = e.ID("missing")
	require.False(t, ok)
	_, ok = Extensions(nil).ID("c")
	require.False(t, ok)
	require.Equal(t, "a", e.Name(2))
	require.Empty(t, e.Name(0))
	require.Empty(t, e.Name(9))
}

func TestExtensionsUpdate(t *testing.T) {
	e := Extensions{"a": 1, "b": 2}
	e.Update(Extensions{"a": 0, "b": 5, "c": 3})
	require.Equal(t, Extensions{"b": 5, "c": 3}, e)

	for i := range 1000 {
		e.Update(Extensions{fmt.Sprint(i): 1})
	}
	require.Len(t, e, maxExtensions)
	e.Update(Extensions{"b": 6})
	require.EqualValues(t, 6, e["b"])
}
