package bencode

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every valid torrent can be scanned, if only leniently, and a Node that was not parsed
// is encoded with its original bytes.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("SHOAL_CORPUS")
	if dir == "" {
		t.Skip("SHOAL_CORPUS names no folder of torrents")
	}
	files, err := filepath.Glob(filepath.Join(dir, "torrents", "valid", "*.torrent"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		v, _, err := ScanPrefix(b, Options{Lenient: true})
		require.NoError(t, err, file)
		if _, err := Scan(b, Options{}); err != nil {
			t.Logf("%s is not strict: %v", filepath.Base(file), err)
		}
		n := NewNode(v)
		require.Equal(t, string(v.Raw()), encoded(t, n), file)
		if n.Lookup("info").Kind() == Dict {
			info, err := v.GetDict("info")
			require.NoError(t, err)
			require.Contains(t, encoded(t, n), string(info.Raw()), file)
		}
	}
}
