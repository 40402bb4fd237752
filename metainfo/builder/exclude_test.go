package builder_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

func TestExclude(t *testing.T) {
	data := &fstest.MapFile{Data: []byte("x")}
	files := fstest.MapFS{
		"a.txt": data, "a.tmp": data, "sub/b.tmp": data, "sub/b.txt": data, "sub/deep/c.txt": data, "sub/deep/b.txt": data,
		".hidden": data, ".git/config": data, "sub/.DS_Store": data, "Thumbs.db": data, "sub/desktop.ini": data, "tmp": data, "bad\xff.tmp": data,
	}
	for _, test := range []struct {
		patterns       []string
		noHidden       bool
		want, excluded []string
	}{
		{[]string{"*.tmp", ".*", "*.db"}, false,
			[]string{"a.txt", "sub/b.txt", "sub/deep/b.txt", "sub/deep/c.txt", "sub/desktop.ini", "tmp"},
			[]string{".git", ".hidden", "Thumbs.db", "a.tmp", "bad\xff.tmp", "sub/.DS_Store", "sub/b.tmp"}},
		{[]string{"sub/*.txt", "bad*", "/a.*"}, true,
			[]string{"sub/b.tmp", "sub/deep/b.txt", "sub/deep/c.txt", "tmp"},
			[]string{".git", ".hidden", "Thumbs.db", "a.tmp", "a.txt", "bad\xff.tmp", "sub/.DS_Store", "sub/b.txt", "sub/desktop.ini"}},
		{[]string{"deep/", "tmp/", "*b*"}, true,
			[]string{"a.tmp", "a.txt", "tmp"},
			[]string{".git", ".hidden", "Thumbs.db", "bad\xff.tmp", "sub"}},
	} {
		var excluded []string
		o := builder.Options{Name: "n", Exclude: test.patterns, NoHidden: test.noHidden}
		o.Excluded = func(path string) { excluded = append(excluded, path) }
		tor, err := o.FS(context.Background(), files, ".")
		require.NoError(t, err)
		var got []string
		for _, f := range tor.BuiltFrom {
			got = append(got, f.Path)
		}
		require.Equal(t, test.want, got)
		require.Equal(t, test.excluded, excluded)
	}
	for _, pattern := range []string{"[", "a[b", "", "/", "//"} {
		_, err := builder.Options{Name: "n", Exclude: []string{pattern}}.FS(context.Background(), files, ".")
		require.ErrorContains(t, err, "is not a pattern of names")
	}
	_, err := builder.Options{Name: "n", Exclude: []string{"*"}}.FS(context.Background(), files, ".")
	require.ErrorContains(t, err, "has no files except those that are left out")
	tor, err := builder.Options{Exclude: []string{"*"}, NoHidden: true}.FS(context.Background(), files, ".hidden")
	require.NoError(t, err)
	require.Len(t, tor.BuiltFrom, 1, "a file that is named itself")
}
