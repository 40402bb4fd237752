package selection

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/metainfo"
)

// infoOf returns the metadata of a torrent with files of these paths.
func infoOf(paths ...string) *metainfo.Info {
	info := &metainfo.Info{Name: "album", Single: len(paths) == 1 && !strings.Contains(paths[0], "/")}
	for i, path := range paths {
		info.Entries = append(info.Entries, metainfo.File{Path: path, Length: int64(i), Pad: strings.Contains(path, ".pad/")})
	}
	return info
}

// chosen returns the paths that patterns choose, without the torrent's folder.
func chosen(t *testing.T, info *metainfo.Info, patterns ...string) string {
	t.Helper()
	all, err := Parse(patterns)
	require.NoError(t, err)
	files := Files(info)
	wanted, err := all.Choose(info, files)
	require.NoError(t, err)
	var paths []string
	for i, f := range files {
		if wanted[i] {
			paths = append(paths, strings.TrimPrefix(f.Path, "album/"))
		}
	}
	return strings.Join(paths, " ")
}

func TestChoose(t *testing.T) {
	info := infoOf("album/a.mkv", "album/b.srt", "album/.pad/3", "album/x/a.mkv", "album/x/y/c.MKV", "album/x/.nfo", "album/Film [1080p].mkv", "album/x[1]/{a,b}.txt", "album/2020/7.jpg")
	all := "a.mkv b.srt x/a.mkv x/y/c.MKV x/.nfo Film [1080p].mkv x[1]/{a,b}.txt 2020/7.jpg"
	for _, test := range []struct{ patterns, want string }{
		{"a.mkv", "a.mkv x/a.mkv"},
		{"/a.mkv", "a.mkv"},
		{"./a.mkv", "a.mkv"},
		{"album/a.mkv", "a.mkv"},
		{"album", all},
		{"album/", all},
		{"**", all},
		{"*", all},
		{"*.mkv", "a.mkv x/a.mkv Film [1080p].mkv"},
		{"/*.mkv", "a.mkv Film [1080p].mkv"},
		{"album/*.mkv", "a.mkv Film [1080p].mkv"},
		{"*.{mkv,srt}", "a.mkv b.srt x/a.mkv Film [1080p].mkv"},
		{"*.{MK{V,X},srt}", "b.srt x/y/c.MKV"},
		{"x", "x/a.mkv x/y/c.MKV x/.nfo"},
		{"x/", "x/a.mkv x/y/c.MKV x/.nfo"},
		{"x/*", "x/a.mkv x/y/c.MKV x/.nfo"}, // the folder y matches, and all in it does
		{"x/*.*", "x/a.mkv x/.nfo"},
		{"x/**", "x/a.mkv x/y/c.MKV x/.nfo"},
		{"**/y", "x/y/c.MKV"},
		{"x/**/c.MKV", "x/y/c.MKV"},
		{"x/**/a.mkv", "x/a.mkv"},
		{"?.mkv", "a.mkv x/a.mkv"},
		{"[a-b].*", "a.mkv b.srt x/a.mkv"},
		{"[!a-b].[^m]*", "x/y/c.MKV 2020/7.jpg"},
		{".nfo", "x/.nfo"},
		{"Film [1080p].mkv", "Film [1080p].mkv"},
		{"x[1]", "x[1]/{a,b}.txt"},
		{"x[1]/{a,b}.txt", "x[1]/{a,b}.txt"},
		{`Film \[*`, "Film [1080p].mkv"},
		{"1", "a.mkv"},
		{"3", "x/a.mkv"},
		{"1-2,8", "a.mkv b.srt 2020/7.jpg"},
		{"2020", "2020/7.jpg"},
		{"x|!*.mkv", "x/y/c.MKV x/.nfo"},
		{"!*.mkv", "b.srt x/y/c.MKV x/.nfo x[1]/{a,b}.txt 2020/7.jpg"},
		{"!x|a.mkv", "a.mkv b.srt x/a.mkv Film [1080p].mkv x[1]/{a,b}.txt 2020/7.jpg"},
		{"!1-7", "2020/7.jpg"},
		{"a.mkv/", ""}, // no folder
		{"A.mkv", ""},
		{"9", ""},
		{"0", ""},
		{"!nothing", ""},
		{"a.mkv|x/b", ""},
		{"x/..", ""},
		{"a", ""},
	} {
		t.Run(test.patterns, func(t *testing.T) {
			patterns := strings.Split(test.patterns, "|")
			if test.want != "" {
				require.Equal(t, test.want, chosen(t, info, patterns...))
				return
			}
			p, err := Parse(patterns)
			require.NoError(t, err)
			_, err = p.Choose(info, Files(info))
			require.Error(t, err)
			require.Contains(t, advice.Of(err), "     1         0 B  album/a.mkv\n")
		})
	}
	require.Equal(t, []uint8{4, 0, 0, 4, 0, 0, 0, 0, 0}, Priorities(info, Files(info), []bool{true, false, true, false, false, false, false, false}))
}

func TestChooseOfASingleFile(t *testing.T) {
	info := infoOf("film.mkv")
	for _, pattern := range []string{"film.mkv", "*.mkv", "**", "1", "/film.mkv", "**/film.mkv"} {
		require.Equal(t, "film.mkv", chosen(t, info, pattern), pattern)
	}
}

// A file that is named like the torrent's folder is meant before the folder.
func TestFileNamedLikeTheTorrent(t *testing.T) {
	info := infoOf("album/album", "album/b")
	require.Equal(t, "album", chosen(t, info, "album"))
	require.Equal(t, "album", chosen(t, info, "album/album"))
}

func TestNumberThatIsAName(t *testing.T) {
	info := infoOf("album/a", "album/2/b", "album/2/c")
	files := Files(info)
	p, err := Parse([]string{"2"})
	require.NoError(t, err)
	_, err = p.Choose(info, files)
	require.ErrorContains(t, err, "--select 2: that is the number of a file, and also a name")
	require.Equal(t, "For the name, write '**/2'. For the number, write the path instead: album/2/b", advice.Of(err))
	require.Equal(t, "2/b 2/c", chosen(t, info, "**/2"))
}

func TestNothingMatches(t *testing.T) {
	var paths []string
	for i := range 3000 {
		paths = append(paths, fmt.Sprintf("album/\x1b[31m%d.MKV", i))
	}
	info := infoOf(paths...)
	for pattern, want := range map[string]string{
		"*.mkv": "--select *.mkv: no file of album matches",
		"\x1b":  `--select \x1b: no file of album matches`,
		"4000":  "--select 4000: album has 3,000 files, and none of that name",
	} {
		p, err := Parse([]string{pattern})
		require.NoError(t, err)
		_, err = p.Choose(info, Files(info))
		require.EqualError(t, err, want)
		text := advice.Of(err)
		require.Equal(t, pattern == "*.mkv", strings.HasPrefix(text, "The case of letters counts, and it differs. "))
		require.Contains(t, text, "There is:\n      1         0 B  album/\\x1b[31m0.MKV\n")
		require.Contains(t, text, "\n and 2,980 more files; ")
		require.Less(t, len(text), 2000)
	}
}

func TestPatternsThatCannotBeRead(t *testing.T) {
	for pattern, want := range map[string]string{
		"": `"": it names no file`, "!": `"!": it names no file`, "/": `"/": it names no file`, "..": `"..": it names no file`, "{,/}": `"{,/}": it has no name`,
		strings.Repeat("a", 5000):       `"` + strings.Repeat("a", 80) + `...": it is longer than 4096 bytes`,
		strings.Repeat("{a,b}", 20):     `"` + strings.Repeat("{a,b}", 16) + `...": its braces stand for more than 1000 globs`,
		strings.Repeat("{a,", 1200):     "",
		"{" + strings.Repeat(",", 1500): `"{` + strings.Repeat(",", 79) + `...": its braces`,
	} {
		_, err := Parse([]string{pattern})
		if want == "" || strings.HasSuffix(pattern, ",,") { // braces that do not end stand for themselves
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, want)
	}
	_, err := Parse([]string{"{" + strings.Repeat(",a", 1500) + "}"})
	require.ErrorContains(t, err, "its braces stand for more than 1000 globs")
	info := infoOf("album/a", "album/b")
	p, err := Parse([]string{"!*"})
	require.NoError(t, err)
	_, err = p.Choose(info, Files(info))
	require.EqualError(t, err, "--select leaves no file to download")
}

// Names that are not UTF-8 match as they are.
func TestNamesOfAnyBytes(t *testing.T) {
	info := infoOf("album/\xff.txt", "album/\ufffd.txt", "album/\xfe.txt")
	require.Equal(t, "\xff.txt", chosen(t, info, "\xff.txt"))
	require.Equal(t, "\ufffd.txt", chosen(t, info, "\ufffd.txt"))
	require.Equal(t, "\xff.txt \ufffd.txt \xfe.txt", chosen(t, info, "?.txt"))
}

// Patterns that cost others exponential time cost no more than the product of the lengths.
func TestHostileNamesAreCheap(t *testing.T) {
	name := strings.Repeat("a", 250)
	path := "album/" + strings.Repeat(name+"/", 15) + name
	p, err := Parse([]string{strings.Repeat("*a", 100) + "b", strings.Repeat("**/*a*a*a*a*a/", 20) + "b"})
	require.NoError(t, err)
	info := infoOf(path)
	steps := 0
	for _, pattern := range p {
		_, err := pattern.match(info, Files(info), [][][]rune{{[]rune("album"), []rune(name)}})
		require.Error(t, err)
	}
	n := 100
	matched := matchWithStars(n, n*n, func(i int) bool { return i%2 == 0 }, func(i, j int) bool {
		steps++
		return i < n-1
	})
	require.False(t, matched)
	require.LessOrEqual(t, steps, n*n*n)
}

func FuzzChoose(f *testing.F) {
	for _, pattern := range []string{"a", "*.mkv", "!**/[a-]*", "{a,{b,c}}/d", "1-3,7", `\`, "[", "[!", "a[b-", "{", "//", "**/**", "./.a", "\xff", "x/"} {
		f.Add(pattern, "album/a/b.mkv\nalbum/\xff")
	}
	f.Fuzz(func(t *testing.T, pattern, paths string) {
		var valid []string
		for path := range strings.SplitSeq(paths, "\n") {
			isValid := len(path) < 1000 && path != "." && fs.ValidPath(strings.ToValidUTF8(path, "x"))
			if isValid {
				valid = append(valid, "album/"+path)
			}
		}
		p, err := Parse([]string{pattern})
		if err != nil || len(valid) == 0 {
			return
		}
		info := infoOf(valid...)
		files := Files(info)
		if len(files) == 0 {
			return
		}
		wanted, err := p.Choose(info, files)
		if err != nil {
			return
		}
		require.Len(t, wanted, len(files))
		for i, f := range files { // a path that is written in full chooses its file
			if strings.HasPrefix(f.Path, "!") || strings.ContainsAny(f.Path, `*?[{\`) {
				continue
			}
			q, err := Parse([]string{f.Path})
			require.NoError(t, err)
			w, err := q.Choose(info, files)
			require.NoError(t, err)
			require.True(t, w[i])
		}
	})
}
