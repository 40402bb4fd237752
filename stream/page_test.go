package stream

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// elements returns the elements of a page, in which each attribute has its value.
func elements(t *testing.T, page string) (all []xml.StartElement) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict = false
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			all = append(all, e.Copy())
		}
	}
}

// between returns what matches between two texts.
func between(text, from, to string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?s)`+from+`(.*?)`+to).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// absolute matches URLs that lead elsewhere.
var absolute = regexp.MustCompile(`^([a-zA-Z][a-zA-Z+.-]*:|/)`)

// rowNames returns the names of a page's files and folders.
func rowNames(page string) []string {
	return between(page, `<span class="name"><a href="[^"]*"><bdi>`, `</bdi>`)
}

// pageElements are the elements that a page may have.
var pageElements = strings.Fields("html head meta title link style body svg symbol path rect circle use main header nav a bdi h1 p span " +
	"progress section video audio img track ul li small script")

// getPage returns a page and checks what holds for all of them: that its policy allows its own
// style and script and nothing else, and that it loads nothing from elsewhere.
func getPage(t *testing.T, h *Handler, path string) string {
	t.Helper()
	r := request(t, h, "GET", path)
	require.Equal(t, http.StatusOK, r.StatusCode)
	page := body(t, r)
	policy := r.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	for _, part := range []string{"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "connect-src 'self'"} {
		require.Contains(t, policy, part)
	}
	for kind, tag := range map[string]string{"style-src": "style", "script-src": "script"} {
		texts := between(page, "<"+tag+">", "</"+tag+">")
		require.Len(t, texts, 1, tag)
		sum := sha256.Sum256([]byte(texts[0]))
		require.Contains(t, policy, kind+" 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
	}
	withoutScript := strings.Replace(page, between(page, "<script>", "</script>")[0], "", 1)
	for _, e := range elements(t, withoutScript) {
		if !slices.Contains(pageElements, e.Name.Local) {
			require.Fail(t, "no page has this element", e.Name.Local)
		}
		for _, a := range e.Attr {
			isURL := a.Name.Local == "href" || a.Name.Local == "src"
			elsewhere := isURL && e.Name.Local != "link" && absolute.MatchString(a.Value)
			if strings.HasPrefix(a.Name.Local, "on") || elsewhere {
				require.Fail(t, "no page has this attribute", a)
			}
		}
	}
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Equal(t, "same-origin", r.Header.Get("Cross-Origin-Opener-Policy"))
	return page
}

// manyFiles returns a torrent of that many files in a folder.
func manyFiles(n int) *fakeTorrent {
	f := newFake()
	for i := range n {
		f.files = append(f.files, File{Path: "many/" + strconv.Itoa(n-1-i) + ".mp3", Length: 1000, Held: 500})
	}
	return f
}

// TestPageOfHostileTorrent shows names that are meant to script.
func TestPageOfHostileTorrent(t *testing.T) {
	for _, name := range hostileNames {
		f := newFake()
		f.name = name
		for _, path := range []string{name, name + ".mp4", name + "/" + name + ".mp3", "a/" + name + ".html"} {
			f.files = append(f.files, File{Path: path, Length: 10, Held: 5})
		}
		h := newHandler(t, Config{}, f)
		for _, path := range []string{"/", "/?play=1", "/?play=2", "/?folder=a"} {
			page := getPage(t, h, testID+path)
			require.Less(t, len(page), 64<<10)
			require.NotRegexp(t, "[\u202a-\u202e\u2066-\u2069\x00\r]", page)
		}
		other := newFake()
		other.id = "abc"
		getPage(t, newHandler(t, Config{}, f, other), "")
	}
}

// TestIndexReadsNothing checks that pages, playlists and HEAD for anything open no file.
func TestIndexReadsNothing(t *testing.T) {
	f := newFake(File{Path: "a/b.mp4", Length: 10}, File{Path: "a/b.srt", Length: 10}, File{Path: "c", Length: 9, Started: true})
	h := newHandler(t, Config{}, f)
	for _, path := range []string{"", testID + "/", testID + "/?play=0", testID + "/progress", testID + "/m3u8/x", testID + "/m3u/x"} {
		for _, method := range []string{"GET", "HEAD"} {
			r := request(t, h, method, path)
			require.Less(t, r.StatusCode, 400, path)
		}
	}
	for _, path := range []string{testID + "/file/0/x", testID + "/vtt/1/x", testID + "/zip/x"} {
		r := request(t, h, "HEAD", path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Empty(t, body(t, r))
	}
	_, opened := f.count()
	require.Zero(t, opened)
}

func TestIndex(t *testing.T) {
	h := newHandler(t, Config{})
	require.Contains(t, getPage(t, h, ""), "nothing here yet")

	one := newFake()
	h = newHandler(t, Config{}, one)
	r := request(t, h, "GET", "")
	require.Equal(t, http.StatusFound, r.StatusCode)
	require.Equal(t, testID+"/", r.Header.Get("Location"))
	require.Contains(t, getPage(t, h, testID+"/"), "nothing here yet", "a magnet link has no files yet")

	two := newFake(File{Path: "x", Length: 2048, Held: 1024})
	two.id, two.name = "abc", "Second"
	h = newHandler(t, Config{}, one, two)
	page := getPage(t, h, "")
	require.Contains(t, page, `<a href="abc/"><bdi>Second</bdi></a><small>1 file</small>`)
	require.Contains(t, page, "2.0 KiB")
	require.Contains(t, page, "50.0 %")
	require.Contains(t, getPage(t, h, "abc/"), `<a href="../">All torrents</a>`)
}

func TestFolders(t *testing.T) {
	f := newFake(
		File{Path: "root/b/2.mp3", Length: 2, Held: 2},
		File{Path: "root/b/10.mp3", Length: 1},
		File{Path: "root/B1/x y.mp4", Length: 4, Held: 1},
		File{Path: "root/page.html", Length: 3},
		File{Path: "root/a.png", Length: 3},
	)
	h := newHandler(t, Config{}, f)
	page := getPage(t, h, testID+"/")
	require.Contains(t, page, "<h1><bdi>root</bdi></h1>", "the only folder is opened")
	require.Equal(t, []string{"b", "B1", "a.png", "page.html"}, rowNames(page))
	require.Contains(t, page, `<a href="file/3/page.html"><bdi>page.html</bdi></a>`)
	require.Contains(t, page, `<a class="button" href="file/3/page.html?download" title="Download" aria-label="Download" download>`)

	page = getPage(t, h, testID+"/?folder=root%2Fb")
	require.Equal(t, []string{"2.mp3", "10.mp3"}, rowNames(page))
	require.Contains(t, page, `<a href="?folder=root"><bdi>root</bdi></a>`)
	require.Contains(t, page, `href="zip/b.zip?folder=root%2Fb"`)
	require.Contains(t, page, `href="m3u8/b.m3u8?folder=root%2Fb"`)
	require.Contains(t, page, "66.6 %")

	require.Contains(t, getPage(t, h, testID+"/?folder=no"), "nothing here yet")
	require.Contains(t, getPage(t, h, testID+"/?folder=roo"), "nothing here yet")
}

// TestDeepFolders checks how far a page goes down by itself.
func TestDeepFolders(t *testing.T) {
	files := []File{{Path: strings.Repeat("a/", 1000) + "b", Length: 1}}
	require.Equal(t, "a"+strings.Repeat("/a", maxDescent-1), list(files, "", false).folder)
	require.Empty(t, list(files, "", true).folder)
}

// TestFolderOfTorrentsName checks that a folder that has the name of the torrent is shown once.
func TestFolderOfTorrentsName(t *testing.T) {
	f := newFake(File{Path: "Name/a/1", Length: 2}, File{Path: "Name/b", Length: 2})
	f.name = "Name"
	h := newHandler(t, Config{}, f)
	require.NotContains(t, getPage(t, h, testID+"/"), "<nav><a")
	require.Contains(t, getPage(t, h, testID+"/?folder=Name%2Fa"), `<nav><a href="?folder=Name"><bdi>Name</bdi></a></nav>`)
	f.name = "Another"
	require.Contains(t, getPage(t, h, testID+"/?folder=Name%2Fa"), `<nav><a href="./"><bdi>Another</bdi></a><a href="?folder=Name"><bdi>Name</bdi></a></nav>`)
}

func TestPlayer(t *testing.T) {
	f := newFake(
		File{Path: "r/1.webm", Length: 2}, File{Path: "r/2.mp3", Length: 2}, File{Path: "r/3.avi", Length: 2}, File{Path: "r/4.png", Length: 2},
		File{Path: "r/5.svg", Length: 2},
	)
	h := newHandler(t, Config{}, f)
	page := getPage(t, h, testID+"/?play=0")
	require.Contains(t, page, `<video src="file/0/1.webm" controls autoplay playsinline data-next="?folder=r&amp;play=1#player">`)
	require.Contains(t, page, `<a href="?folder=r">Close</a>`)
	require.Contains(t, page, `<li class="current">`)
	require.Contains(t, getPage(t, h, testID+"/?play=1"), `<audio src="file/1/2.mp3" controls autoplay`)
	require.Contains(t, getPage(t, h, testID+"/?play=3"), `<img src="file/3/4.png" alt="">`)
	for _, play := range []string{"2", "4", "5", "-1", "x", "99999999999999999999"} {
		require.NotContains(t, getPage(t, h, testID+"/?play="+play), "<section", play)
	}
}

// TestPages looks at a torrent of 100,000 files.
func TestPages(t *testing.T) {
	h := newHandler(t, Config{}, manyFiles(100_000))
	page := getPage(t, h, testID+"/")
	require.Less(t, len(page), 1<<20)
	require.Equal(t, 1000, strings.Count(page, "<li>"))
	require.Contains(t, page, "page 1 of 100")
	require.Contains(t, page, `href="?folder=many&amp;page=2">Next</a>`)
	page = getPage(t, h, testID+"/?folder=many&page=100")
	require.Contains(t, page, ">99999.mp3<")
	require.NotContains(t, page, ">Next</a>")
	require.Contains(t, page, `href="?folder=many&amp;page=99">Previous</a>`)
	for _, number := range []string{"0", "-5", "x"} {
		require.Contains(t, getPage(t, h, testID+"/?page="+number), "page 1 of 100")
	}
	require.Contains(t, getPage(t, h, testID+"/?page=9999999999"), "page 100 of 100")
	require.Contains(t, getPage(t, h, testID+"/?folder=many&page=100&play=0"), `src="file/0/99999.mp3"`)
}

func TestProgress(t *testing.T) {
	f := newFake(File{Path: "a/x", Length: 3, Held: 1}, File{Path: "b", Length: 1000, Held: 999}, File{Path: "c"}, File{Path: "d", Length: 1 << 60, Held: 1<<60 - 1})
	h := newHandler(t, Config{}, f)
	r := request(t, h, "GET", testID+"/progress?folder=&page=1")
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.JSONEq(t, `{"total":[99.9,"99.9 %"],"entries":[[33.3,"33.3 %"],[99.9,"99.9 %"],[100,"100 %"],[99.9,"99.9 %"]]}`, body(t, r))

	require.Contains(t, getPage(t, h, testID+"/"), `data-progress="progress?folder="`)
	for i := range f.files {
		f.files[i].Held = f.files[i].Length
	}
	require.NotContains(t, getPage(t, h, testID+"/"), `data-progress=`, "there is nothing to wait for")

	r = request(t, newHandler(t, Config{}, manyFiles(1500)), "GET", testID+"/progress?page=2")
	var answer struct{ Entries []any }
	require.NoError(t, json.Unmarshal([]byte(body(t, r)), &answer))
	require.Len(t, answer.Entries, 500)
}

func TestSizes(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1<<20 - 1: "1.0 MiB", 1 << 20: "1.0 MiB", 1536 << 20: "1.5 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		require.Equal(t, want, sizeText(bytes))
	}
}

func TestOrderOfNames(t *testing.T) {
	names := []string{"", "1", "02", "2", "10", "a1", "A2", "a10", "a10b", "B", "ä"}
	for i, a := range names {
		for j, b := range names {
			require.Equal(t, i < j, compareNames(a, b) < 0, "%q %q", a, b)
		}
	}
}
