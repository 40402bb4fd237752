package stream

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/stream/internal/mediatype"
)

//go:embed web
var web embed.FS

// What a page consists of. The policy names style and script by their hashes, so a browser runs
// nothing else, whatever names a torrent has.
var (
	pageTemplate = template.Must(template.ParseFS(web, "web/page.html"))
	pageStyle    = asset("web/page.css")
	pageScript   = asset("web/page.js")
	pagePolicy   = "default-src 'none'; style-src " + hashSource(pageStyle) + "; script-src " + hashSource(pageScript) +
		"; img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'" +
		"; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// asset returns an embedded file.
func asset(name string) string {
	b, err := web.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// hashSource returns the source of a policy that allows one inline text.
// https://www.w3.org/TR/CSP3/#grammardef-hash-source
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Bounds on pages.
const (
	pageTimeout = 30 * time.Second // of each write
	maxPages    = 16               // that are written at a time
	maxShown    = 300              // bytes of a name
)

// A view is what the template shows.
type view struct {
	Title     string
	Style     template.CSS
	Script    template.JS
	Up        string // URL of the list of torrents; empty for none
	Crumbs    []link // folders above
	Total     *amount
	Links     []link
	Player    *player
	Next      string // URL that plays the next file; empty for none
	Progress  string // URL of the progress of the page; empty if it does not change any more
	Rows      []row
	Pages     string // such as "page 2 of 7"; empty if there is one
	Previous  string // URL
	Following string // URL
}

// A link is a link with a name, and its icon if it has one.
type link struct {
	Name     string
	URL      string
	Icon     string
	Download bool
}

// An amount is a number of bytes and how much of it is there.
type amount struct {
	Size    string
	Percent float64
	Shown   string
}

// A row is a file, a folder or a torrent.
type row struct {
	amount
	Icon    string
	Name    string
	URL     string // empty for none
	Note    string
	Current bool // is played
	Links   []link
}

// newAmount returns an amount. What is not complete is never shown as 100 %.
func newAmount(length, held int64) amount {
	percent := 100.0
	if held < length {
		percent = min(math.Floor(1000*float64(held)/float64(length))/10, 99.9)
	}
	return amount{sizeText(length), max(0, percent), percentText(percent)}
}

func percentText(percent float64) string {
	if percent == 100 {
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", max(0, percent))
}

// sizeText returns a number of bytes for people.
func sizeText(bytes int64) string {
	if bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1023.95 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit])
}

// shownName returns a name for a page.
func shownName(name string) string {
	if name == "" {
		return "(no name)"
	}
	shown := cut(name, maxShown)
	if len(shown) < len(name) {
		return plainName(shown) + "…"
	}
	return plainName(shown)
}

// icon returns the icon of a kind of file.
func icon(kind mediatype.Kind) string {
	switch kind {
	case mediatype.Video:
		return "video"
	case mediatype.Audio:
		return "audio"
	case mediatype.Image:
		return "image"
	case mediatype.Text, mediatype.Subtitles:
		return "text"
	}
	return "other"
}

// setPageHeaders sets the headers of a page.
func setPageHeaders(header http.Header) {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// writePage answers with a page, or with nothing but headers to HEAD. The view is made when the
// page has a place.
func (h *Handler) writePage(w http.ResponseWriter, r *http.Request, make func() view) {
	setPageHeaders(w.Header())
	h.writeSmall(w, r, func(out *bufio.Writer) error {
		v := make()
		v.Style, v.Script = template.CSS(pageStyle), template.JS(pageScript)
		return pageTemplate.Execute(out, v)
	})
}

// writeSmall answers with something that needs no file. The content is written while it is made,
// so that a slow client costs little memory.
func (h *Handler) writeSmall(w http.ResponseWriter, r *http.Request, write func(out *bufio.Writer) error) {
	if r.Method == http.MethodHead {
		return
	}
	x := h.newExchange(w, r, h.pages, pageTimeout)
	defer x.end()
	x.WriteHeader(http.StatusOK)
	if x.failure != nil {
		return
	}
	out := bufio.NewWriterSize(x, 16<<10)
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		x.abort(err)
	}
}

// serveIndex answers with the list of torrents. If there is only one, its page comes at once.
func (h *Handler) serveIndex(w http.ResponseWriter, r *http.Request, torrents []Torrent) {
	if len(torrents) == 1 && validID(torrents[0].ID()) {
		w.Header().Set("Location", torrents[0].ID()+"/")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusFound)
		return
	}
	h.writePage(w, r, func() view {
		v := view{Title: "Torrents"}
		number := pageNumber(r.URL.Query())
		pages := max(1, (len(torrents)+pageSize-1)/pageSize)
		number = min(number, pages)
		for _, t := range torrents[(number-1)*pageSize : min(number*pageSize, len(torrents))] {
			v.Rows = append(v.Rows, torrentRow(t))
		}
		v.setPages(number, pages, func(n int) string { return "?page=" + strconv.Itoa(n) })
		return v
	})
}

// torrentRow returns the row of a torrent.
func torrentRow(t Torrent) row {
	var length, held int64
	files := t.Files()
	for _, f := range files {
		length += f.Length
		held += f.Held
	}
	return row{
		amount: newAmount(length, held),
		Icon:   "folder",
		Name:   shownName(t.Name()),
		URL:    t.ID() + "/",
		Note:   filesText(len(files)),
	}
}

func filesText(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}

// setPages sets the links to other pages.
func (v *view) setPages(page, pages int, to func(page int) string) {
	if pages == 1 {
		return
	}
	v.Pages = fmt.Sprintf("page %d of %d", page, pages)
	if page > 1 {
		v.Previous = to(page - 1)
	}
	if page < pages {
		v.Following = to(page + 1)
	}
}

// pageNumber returns the page that a query asks for, from 1.
func pageNumber(query url.Values) int {
	n, ok := parseIndex(query.Get("page"))
	if !ok {
		return 1
	}
	return max(1, n)
}

// serveProgress answers with the progress of a page: that of the folder, and those of its rows.
func (h *Handler) serveProgress(w http.ResponseWriter, r *http.Request, files []File) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	h.writeSmall(w, r, func(out *bufio.Writer) error {
		query := r.URL.Query()
		l := list(files, query.Get("folder"), query.Has("folder"))
		entries, _, _ := l.page(pageNumber(query))
		type pair [2]any
		pairOf := func(length, held int64) pair {
			a := newAmount(length, held)
			return pair{a.Percent, a.Shown}
		}
		answer := struct {
			Total   pair   `json:"total"`
			Entries []pair `json:"entries"`
		}{Total: pairOf(l.length, l.held)}
		for _, e := range entries {
			answer.Entries = append(answer.Entries, pairOf(e.length, e.held))
		}
		return json.NewEncoder(out).Encode(answer)
	})
}
