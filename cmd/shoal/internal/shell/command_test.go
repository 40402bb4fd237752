package shell

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommand(t *testing.T) {
	require.Equal(t, "shoal get ./-x.torrent --dir 'a b' --overwrite", Command("get", Path("-x.torrent"), Flag("--dir", "a b"), "--overwrite"))
	require.Equal(t, "shoal get - --dir=-x", Command("get", "-", Flag("--dir", "-x")))
}
