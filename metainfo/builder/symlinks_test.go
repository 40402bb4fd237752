package builder_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/stretchr/testify/require"
)

func TestBuildSymlinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symlinks need a privilege there")
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	top := filepath.Join(dir, "top")
	require.NoError(t, os.CopyFS(top, sample.Folder()))
	for link, target := range map[string]string{
		"in":        "b.bin",
		"c/up":      "../a/one",
		"todir":     "c/d",
		"through":   "todir/e.bin",
		"second":    "in",
		"absolute":  secret,
		"out":       "../secret",
		"c/out":     "../../secret",
		"self":      ".",
		"dangling":  "nothing",
		"dangling2": "dangling",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(top, link)))
	}
	require.NoError(t, os.Symlink(top, filepath.Join(dir, "alias")))
	for _, format := range sample.Formats {
		skipped := map[string]string{}
		b := builder.Options{Format: format, Skipped: func(p, why string) { skipped[p] = why }}
		tor, err := b.File(context.Background(), filepath.Join(dir, "alias"))
		require.NoError(t, err)
		const out, nowhere = "it is a symlink that leads out of the torrent", "it is a symlink to nothing in the torrent"
		require.Equal(t, map[string]string{"absolute": out, "out": out, "c/out": out, "self": out, "dangling": nowhere, "dangling2": nowhere}, skipped)
		again, err := metainfo.Parse(bytesOf(t, tor))
		require.NoError(t, err)
		got := map[string]string{}
		for n, f := range again.Info.Files() {
			if f.Symlink != "" {
				got[f.Path] = f.Symlink
				require.Equal(t, f.Symlink, tor.BuiltFrom[n].Symlink)
			}
		}
		require.Equal(t, map[string]string{
			"alias/in": "alias/b.bin", "alias/c/up": "alias/a/one", "alias/todir": "alias/c/d",
			"alias/through": "alias/todir/e.bin", "alias/second": "alias/in",
		}, got)
		require.False(t, bytes.Contains(bytesOf(t, tor), []byte("secret")))

		b.NoSymlinks, b.Name = true, "folder"
		without, err := b.File(context.Background(), top)
		require.NoError(t, err)
		require.Equal(t, bytesOf(t, build(t, builder.Options{Format: format}, sample.Folder())), bytesOf(t, without))
	}
}
