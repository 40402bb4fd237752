package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/e2e/internal/browser"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// Files of a torrent that wants to run scripts, by their names and by what is in them.
var hostileFiles = map[string]string{
	`"><script>alert(1)<` + "/" + `script>.txt`: "text",
	`"><img src=x onerror=alert(2)>.webm`:       "no film",
	`' autofocus onfocus=alert(3) x='.webm`:     "no film",
	"javascript:alert(4)":                       "no film",
	"%2f..%2f..%2fetc%2fpasswd":                 "no password",
	"two\nlines.webm":                           "no film",
	"right\u202emp4.exe":                        "no film",
	"{{.Title}}${alert(5)}.mp3":                 "no sound",
	"page.html":                                 "<title>hostile</title><script>alert(6)</script>",
	"image.svg":                                 `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(7)"><script>alert(8)</script></svg>`,
	"feed.xml":                                  `<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(9)</x:script>`,
	"page.xhtml":                                `<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(10)</script></html>`,
	"text.txt":                                  "<title>hostile</title><script>alert(11)</script>",
	"picture.png":                               "<title>hostile</title><script>alert(12)</script>",
	"script.js":                                 "alert(13)",
	"style.css":                                 "body { background: url(x) }",
	"no extension":                              "<!DOCTYPE html><script>alert(14)</script>",
	"movie.webm":                                "no film",
	"movie.srt":                                 "1\n00:00:00,000 --> 01:00:00,000\n<script>alert(15)</script>\n\nNOTE <img src=x onerror=alert(16)>\n",
	"movie.vtt":                                 "WEBVTT\n\nSTYLE\n::cue { background: url(http://127.0.0.1:1/) }\n\n00:00.000 --> 01:00:00.000\n<b>x</b>\n",
}

// startHostile serves the hostile torrent, all of which is there.
func startHostile(t *testing.T, n *network) *streaming {
	t.Helper()
	c := content{t.TempDir(), `"><script>alert(0)<`}
	for name, text := range hostileFiles {
		path := filepath.Join(c.dir, c.name, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	_, file := c.torrent(t, builder.Options{PieceLength: streamPiece})
	return startStreaming(t, n, file, c.dir)
}

// TestStreamHostile opens each page and each file of a hostile torrent in Chromium. No script may run.
func TestStreamHostile(t *testing.T) {
	t.Parallel()
	needPrograms(t, chromium)
	n := ownNetwork(t)
	b := startBrowser(t, n)
	s := startHostile(t, n)
	page, err := b.Open(within(t), s.index)
	require.NoError(t, err)
	screenshot(t, page, "index")
	var text string
	require.NoError(t, page.Eval(within(t), "document.body.innerText", &text))
	for _, name := range []string{`"><img src=x onerror=alert(2)>.webm`, "%2f..%2f..%2fetc%2fpasswd", "{{.Title}}${alert(5)}.mp3", "two\uFFFDlines.webm"} {
		require.Contains(t, text, name)
	}
	seen, links := make(map[string]bool), pageLinks(t, page)
	for i := 0; i < len(links); i++ {
		url, _, _ := strings.Cut(links[i], "#")
		if seen[url] {
			continue
		}
		seen[url] = true
		require.True(t, strings.HasPrefix(url, s.index), url)
		err := page.Navigate(within(t), url)
		var refused *browser.NavigationError
		if err != nil {
			require.ErrorAs(t, err, &refused)
			require.Contains(t, refused.Text, "ERR_ABORTED", "it is not stored as a file: %s", url)
			continue
		}
		requireInert(t, page, url)
		links = append(links, pageLinks(t, page)...)
	}
	require.Greater(t, len(seen), len(hostileFiles))
	t.Logf("%d addresses", len(seen))
	for _, note := range page.Notes() {
		require.NotContains(t, note, "dialog")
	}
	s.requireOwnRequests(t, page)
}

// requireInert fails the test if a page has more in it than we made, or may run scripts that are not ours.
func requireInert(t *testing.T, page *browser.Page, url string) {
	t.Helper()
	var found []string
	require.NoError(t, page.Eval(within(t), `[
		...[...document.querySelectorAll("script")].slice(1).map(e => e.outerHTML),
		...[...document.querySelectorAll("[src=x], [onerror], [onload], [onfocus], [autofocus], iframe, object, embed, base")].map(e => e.outerHTML),
		...(document.title === "hostile" ? ["its title"] : []),
	]`, &found))
	require.Empty(t, found, url)
}

// pageLinks returns the addresses that a page leads to.
func pageLinks(t *testing.T, page *browser.Page) (urls []string) {
	t.Helper()
	require.NoError(t, page.Eval(within(t), `[...document.querySelectorAll("[href], [src]")].map(e => e.src || e.href).filter(u => typeof u === "string" && !u.startsWith("data:"))`, &urls))
	return urls
}

// otherPage is a page of another origin that embeds a URL in every way, and keeps what came of each.
const otherPage = `<!DOCTYPE html><title>other</title>
<script>
const url = %[1]q, outcome = {};
const keep = (name, promise) => promise.then(() => { outcome[name] = "got" }, () => { outcome[name] = "nothing" });
const element = (name, make) => keep(name, new Promise((resolve, reject) => {
	const e = make();
	e.addEventListener("load", resolve);
	e.addEventListener("loadedmetadata", resolve);
	e.addEventListener("error", reject);
	document.documentElement.append(e);
}));
const all = [
	element("image", () => Object.assign(new Image(), {src: url})),
	element("script", () => Object.assign(document.createElement("script"), {src: url})),
	element("style", () => Object.assign(document.createElement("link"), {rel: "stylesheet", href: url})),
	element("video", () => Object.assign(document.createElement("video"), {src: url, preload: "auto"})),
	element("video that asks", () => Object.assign(document.createElement("video"), {src: url, preload: "auto", crossOrigin: "anonymous"})),
	keep("fetch", fetch(url).then(r => r.text())),
	keep("fetch without CORS", fetch(url, {mode: "no-cors"}).then(r => r.text())),
	keep("fetch of a range", fetch(url, {headers: {Range: "bytes=0-1"}}).then(r => r.text())),
];
const frame = Object.assign(document.createElement("iframe"), {src: url});
const framed = new Promise(resolve => frame.addEventListener("load", resolve));
document.documentElement.append(frame);
const done = Promise.all([...all, framed]).then(() => outcome);
</script>`

// TestStreamOtherOrigin has pages of another origin embed a film and the index page. They know the
// token here, as they would not; still they get nothing.
func TestStreamOtherOrigin(t *testing.T) {
	t.Parallel()
	needPrograms(t, chromium)
	n := ownNetwork(t)
	b := startBrowser(t, n)
	c, file := makeFilmTorrent(t)
	s := startStreaming(t, n, file, c.dir)
	urls := map[string]string{"film": s.file, "text": s.fileURL(t, textName), "index": s.index}
	dir := filepath.Join(c.dir, c.name)
	urls["own"] = url.PathEscape(filmName)
	for name, url := range urls {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".html"), fmt.Appendf(nil, otherPage, url), 0o644))
	}
	port := serveFolder(t, n, dir)
	for _, host := range []string{"127.0.0.1", "localhost"} { // in the same site, and in another one
		for name := range urls {
			outcome, frames := embed(t, b, fmt.Sprintf("http://%s:%d/%s.html", host, port, name))
			if name == "own" { // the page tries in earnest
				require.Equal(t, "got", outcome["video"])
				require.Equal(t, "got", outcome["fetch"])
				require.Len(t, frames, 1)
				continue
			}
			for way, what := range outcome {
				require.Equal(t, "nothing", what, "%s of the %s on %s", way, name, host)
			}
			require.Empty(t, frames)
		}
	}
}

// embed opens a page as otherPage makes them, and returns what came of each way, and the frames that are
// shown.
func embed(t *testing.T, b *browser.Browser, url string) (outcome map[string]string, frames []string) {
	t.Helper()
	page, err := b.Open(within(t), url)
	require.NoError(t, err)
	require.NoError(t, page.Eval(within(t), "done", &outcome))
	require.Len(t, outcome, 8)
	frames, err = page.Frames(within(t))
	require.NoError(t, err)
	require.NoError(t, page.Close(within(t)))
	return outcome, frames
}

// serveFolder serves a folder over HTTP on loopback in a network, and returns the port.
func serveFolder(t *testing.T, n *network, dir string) (port int) {
	t.Helper()
	p := launch(t, n.name, python, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", dir)
	require.NoError(t, p.line(within(t), func(s string) bool {
		_, after, ok := strings.Cut(s, " port ")
		number, _, _ := strings.Cut(after, " ")
		port, _ = strconv.Atoi(number)
		return ok
	}))
	return port
}
