package house

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// fixture returns a tree of the given files, by name, for tests of the checks.
func fixture(t *testing.T, files map[string]string) *tree {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	w, err := load(fsys)
	require.NoError(t, err)
	return w
}

// planText is a table of floors for fixtures: b may import a, and c all below it.
const planText = `
| floor | module | purpose | may import | third party |
|---|---|---|---|---|
| 2 | ` + "`c`" + ` | top | all below | – |
| 1 | ` + "`b`" + ` | middle | ` + "`a`" + ` | lib |
| 1 | ` + "`d`" + ` | beside b | – | – |
| 0 | ` + "`a`" + ` | ground | – | – |

| short name | third-party module |
|---|---|
| lib | ` + "`example.com/lib`" + ` |
`

// requireComplaint fails the test unless there is exactly one complaint and it
// contains text. An empty text means that there should be no complaint.
func requireComplaint(t *testing.T, complaints []string, text string) {
	t.Helper()
	if text == "" {
		require.Empty(t, complaints)
		return
	}
	require.Len(t, complaints, 1, "%q", complaints)
	require.Contains(t, complaints[0], text)
}
