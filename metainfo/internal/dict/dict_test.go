package dict

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppendSortsByKey(t *testing.T) {
	b := Append([]byte("x"), []Entry{{"b", []byte("i1e")}, {"", []byte("le")}, {"a", AppendTexts(nil, []string{"s", ""})}})
	require.Equal(t, "xd0:le1:al1:s0:e1:bi1ee", string(b))
}

func TestAppendNodes(t *testing.T) {
	b, err := AppendNodes(nil, []string{"[::1]:5", "h:65535"})
	require.NoError(t, err)
	require.Equal(t, "ll3:::1i5eel1:hi65535eee", string(b))
	for _, node := range []string{"x", "x:0", "x:65536", ":5", "::1:5"} {
		_, err := AppendNodes(nil, []string{node})
		require.ErrorContains(t, err, "node ")
	}
}
