package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What users call their files, others download under the same names.
func TestNamesTravel(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems cannot store these names")
	}
	names := []string{
		"aux.c", "con", "NUL.txt", "README", "readme", `back\slash`, "new\nline", "\x1b[31m", "\u200fright", "-rf", " ", "dots...",
		"a:b?*", strings.Repeat("n", 241), strings.Repeat("é", 127) + "n", "sub/con/aux", "Sub/con",
	}
	for _, format := range []string{"v1", "v2", "hybrid"} {
		t.Run(format, func(t *testing.T) {
			isolate(t)
			folder := "\u200fa\nb\\"
			for _, name := range names {
				writeFile(t, filepath.Join(folder, name), name)
			}
			shoal(t, exitOK, "create", folder, "-o", "a.torrent", "--format", format)
			shoal(t, exitOK, "verify", "a.torrent")
			_, peer := seeding(t, "a.torrent")
			stdout, _ := shoal(t, exitOK, "get", "a.torrent", "--dir", "got", "--peer", peer, "--listen", "off", "--quit-after-complete")
			require.NotContains(t, stdout, "\u200f")
			require.NotContains(t, stdout, "\x1b")
			require.Contains(t, stdout, `\u200fa\nb\`)
			equalFolders(t, folder, filepath.Join("got", folder))
			entries, err := os.ReadDir(filepath.Join("got", folder))
			require.NoError(t, err)
			require.Len(t, entries, len(names))
		})
	}
}
