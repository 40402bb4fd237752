package advice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
)

func TestChoose(t *testing.T) {
	flags := map[string]bool{"--dir": true}
	require.Equal(t, "A.", advice.Choose(flags, "a"))
	require.Equal(t, "A or b with --dir.", advice.Choose(flags, "a", "b with --dir"))
	require.Equal(t, "A, b, or c.", advice.Choose(flags, "a", "b", "c"))
	require.Equal(t, "A or c.", advice.Choose(flags, "a", "b with --other", "c"))
	require.Empty(t, advice.Choose(flags, "b with --other"))
}
