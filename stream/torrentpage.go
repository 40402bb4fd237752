package stream

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/stream/internal/mediatype"
	"github.com/shoal-bt/shoal/stream/internal/subtitle"
)

// A player plays or shows a file on the page.
type player struct {
	Kind   string // "video", "audio" or "image"
	Name   string
	URL    string
	Close  string // URL of the page without it
	Tracks []track
}

// A track is a file of subtitles that belongs to a video.
type track struct {
	URL, Label, Language string
}

// An address is what the query of a torrent's page says.
type address struct {
	folder string
	asked  bool // for a folder
	page   int
	play   int // index of the file that is played; -1 for none
}

// parseAddress reads the query of a torrent's page.
func parseAddress(query url.Values) address {
	a := address{
		folder: query.Get("folder"),
		asked:  query.Has("folder"),
		page:   pageNumber(query),
		play:   -1,
	}
	if play, ok := parseIndex(query.Get("play")); ok {
		a.play = play
	}
	return a
}

// url returns the URL of the page, relative to the torrent's.
func (a address) url() string {
	u := "?folder=" + url.QueryEscape(a.folder)
	if a.page > 1 {
		u += "&page=" + strconv.Itoa(a.page)
	}
	if a.play >= 0 {
		u += "&play=" + strconv.Itoa(a.play) + "#player"
	}
	return u
}

// torrentView returns the page of a torrent. alone says that there is no list of torrents.
func torrentView(t Torrent, files []File, a address, alone bool) view {
	l := list(files, a.folder, a.asked)
	a.folder = l.folder
	entries, page, pages := l.page(a.page)
	a.page = page
	v := view{Title: shownName(t.Name())}
	if !alone {
		v.Up = "../"
	}
	if l.folder != "" {
		v.setCrumbs(l.folder)
	}
	total := newAmount(l.length, l.held)
	v.Total = &total
	v.Links = folderLinks(t, files, l.folder)
	if l.held < l.length {
		v.Progress = "progress" + address{folder: a.folder, page: page, play: -1}.url()
	}
	v.setPages(page, pages, func(n int) string { return address{folder: a.folder, page: n, play: -1}.url() })
	for _, e := range entries {
		v.Rows = append(v.Rows, entryRow(e, files, a))
	}
	v.setPlayer(files, l, a)
	return v
}

// setCrumbs shows the folders above, and the folder itself as the title.
func (v *view) setCrumbs(folder string) {
	const most = 20 // of a deep folder, the last ones
	v.Crumbs = []link{{Name: v.Title, URL: "./"}}
	elements := strings.Split(folder, "/")
	for i := max(0, len(elements)-most); i < len(elements)-1; i++ {
		to := strings.Join(elements[:i+1], "/")
		v.Crumbs = append(v.Crumbs, link{Name: shownName(elements[i]), URL: address{folder: to, play: -1}.url()})
	}
	v.Title = shownName(elements[len(elements)-1])
	if v.Crumbs[0].Name == shownName(elements[0]) {
		// Most torrents have all files in a folder of their own name, which is shown once.
		v.Crumbs = slices.Delete(v.Crumbs, 0, 1)
	}
}

// folderLinks returns the links of a folder: its archive, and a playlist if there is something
// to play.
func folderLinks(t Torrent, files []File, folder string) []link {
	name := folderName(t, folder)
	if len(folder) > maxLinked {
		return nil
	}
	query := "?folder=" + url.QueryEscape(folder)
	links := []link{{Name: "Download .zip", URL: "zip/" + nameInPath(name+".zip") + query, Icon: "down", Download: true}}
	for _, f := range files {
		_, ok := below(f.Path, folder)
		if ok && mediatype.Playable(f.Path) {
			return append(links, link{Name: "Playlist", URL: "m3u8/" + nameInPath(name+".m3u8") + query, Icon: "list", Download: true})
		}
	}
	return links
}

// entryRow returns the row of an entry of a folder.
func entryRow(e entry, files []File, a address) row {
	r := row{amount: newAmount(e.length, e.held), Name: shownName(e.name)}
	if e.folder {
		r.Icon, r.Note = "folder", filesText(e.count)
		if to := join(a.folder, e.name); len(to) <= maxLinked {
			query := "?folder=" + url.QueryEscape(to)
			r.URL = query
			r.Links = []link{{Name: "Download .zip", URL: "zip/" + nameInPath(to+".zip") + query, Icon: "down", Download: true}}
		}
		return r
	}
	path := files[e.index].Path
	kind := mediatype.ByName(path)
	r.Icon = icon(kind.Kind)
	r.Current = e.index == a.play
	r.URL = fileIn("file", e.index, path)
	if playsInPlace(kind) {
		play := a
		play.play = e.index
		r.URL = play.url()
		name, shape := "Play here", "play"
		if kind.Kind == mediatype.Image {
			name, shape = "Show here", "eye"
		}
		r.Links = append(r.Links, link{Name: name, URL: r.URL, Icon: shape})
	}
	if mediatype.Playable(path) {
		r.Links = append(r.Links, link{
			Name:     "Open in a player",
			URL:      "m3u8/" + nameInPath(path+".m3u8") + "?file=" + strconv.Itoa(e.index),
			Icon:     "list",
			Download: true,
		})
	}
	r.Links = append(r.Links, link{Name: "Download", URL: fileIn("file", e.index, path) + "?download", Icon: "down", Download: true})
	return r
}

// playsInPlace reports whether a page can play or show a file.
func playsInPlace(kind mediatype.Type) bool {
	switch kind.Kind {
	case mediatype.Video, mediatype.Audio, mediatype.Image:
		return kind.Browser && kind.Inline
	}
	return false
}

// setPlayer shows the file that is to be played, if browsers play it.
func (v *view) setPlayer(files []File, l listing, a address) {
	if a.play < 0 || a.play >= len(files) {
		return
	}
	path := files[a.play].Path
	kind := mediatype.ByName(path)
	if !playsInPlace(kind) {
		return
	}
	closed := a
	closed.play = -1
	v.Player = &player{
		Kind:  icon(kind.Kind),
		Name:  shownName(path[strings.LastIndexByte(path, '/')+1:]),
		URL:   fileIn("file", a.play, path),
		Close: closed.url(),
	}
	if kind.Kind == mediatype.Video {
		v.Player.Tracks = tracksOf(files, a.play)
	}
	found := false
	for i, e := range l.entries {
		if found && !e.folder && playsInPlace(mediatype.ByName(e.name)) {
			next := a
			next.play, next.page = e.index, i/pageSize+1
			v.Next = next.url()
			return
		}
		found = found || (!e.folder && e.index == a.play)
	}
}

// tracksOf returns the subtitles of a video, which are in its folder or below.
func tracksOf(files []File, video int) (tracks []track) {
	folder := ""
	if slash := strings.LastIndexByte(files[video].Path, '/'); slash >= 0 {
		folder = files[video].Path[:slash]
	}
	var paths []string
	var indices []int
	at := -1
	for i, f := range files {
		_, ok := below(f.Path, folder)
		if ok && (offered(f) || mediatype.ByName(f.Path).Kind == mediatype.Video) {
			if i == video {
				at = len(paths)
			}
			paths, indices = append(paths, f.Path), append(indices, i)
		}
	}
	for _, t := range subtitle.Match(paths)[at] {
		index := indices[t.File]
		tracks = append(tracks, track{fileIn("vtt", index, files[index].Path+".vtt"), t.Label, t.Language})
	}
	return tracks
}
