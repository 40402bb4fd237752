package stream

import (
	"bufio"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/stream/internal/archive"
	"github.com/shoal-bt/shoal/stream/internal/mediatype"
	"github.com/shoal-bt/shoal/stream/internal/playlist"
	"github.com/shoal-bt/shoal/stream/internal/subtitle"
)

// serveWhole answers with something that is made of files, without ranges. The content is made
// while it is written; begin, if it is not nil, is called with the place, and may set headers.
func (h *Handler) serveWhole(w http.ResponseWriter, r *http.Request, p *places, begin func() error, write func(x *exchange) error) {
	x := h.newExchange(w, r, p, h.config.WriteTimeout)
	x.begin = begin
	x.needsPlace = x.needsPlace || begin != nil
	defer x.end()
	x.WriteHeader(http.StatusOK)
	if x.failure != nil || r.Method == http.MethodHead {
		return
	}
	err := write(x)
	if err != nil {
		x.abort(err)
	}
}

// openFile opens a file for an exchange, all of which will be read.
func (x *exchange) openFile(t Torrent, index int, size int64) (io.ReadCloser, error) {
	c := &content{exchange: x, torrent: t, index: index, size: size}
	err := c.open(size)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// offered reports whether a file is one of subtitles that we can show beside a video.
func offered(f File) bool {
	return mediatype.ByName(f.Path).Kind == mediatype.Subtitles && f.Length <= subtitle.MaxSize
}

// serveSubtitles answers with a file of subtitles as WebVTT.
func (h *Handler) serveSubtitles(w http.ResponseWriter, r *http.Request, t Torrent, index int, f File) {
	if !offered(f) {
		notFound(w)
		return
	}
	if strings.EqualFold(path.Ext(f.Path), ".vtt") {
		h.serveFile(w, r, t, index, f)
		return
	}
	header := w.Header()
	header.Set("Content-Type", subtitle.ContentType)
	header.Set("Content-Disposition", disposition("inline", f.Path+".vtt"))
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Content-Security-Policy", mediaPolicy)
	h.serveWhole(w, r, h.readers, nil, func(x *exchange) error {
		content, err := x.openFile(t, index, f.Length)
		if err != nil {
			return err
		}
		defer content.Close()
		out := bufio.NewWriterSize(x, 16<<10)
		err = subtitle.Convert(out, content)
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// serveArchive answers with a .zip of a folder. It waits for the bytes that are missing. The plan
// of an archive of 100,000 files takes memory, so it is made when there is a place.
func (h *Handler) serveArchive(w http.ResponseWriter, r *http.Request, t Torrent, files []File, folder string) {
	isBelow := func(f File) bool { _, ok := below(f.Path, folder); return ok }
	if !slices.ContainsFunc(files, isBelow) {
		notFound(w)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/zip")
	header.Set("Content-Disposition", disposition("attachment", folderName(t, folder)+".zip"))
	header.Set("Cache-Control", "no-store")
	var zip *archive.Archive
	var indices []int
	plan := func() (err error) {
		var entries []archive.Entry
		entries, indices = archiveEntries(t, files, folder)
		zip, err = archive.New(entries)
		if err == nil {
			setLength(header, zip.Len())
		}
		return err
	}
	h.serveWhole(w, r, h.archives, plan, func(x *exchange) error {
		return zip.Write(x, func(entry int) (io.ReadCloser, error) {
			index := indices[entry]
			return x.openFile(t, index, files[index].Length)
		})
	})
}

// folderName returns the name of a folder, or that of the torrent for the one at the top.
func folderName(t Torrent, folder string) string {
	if folder == "" {
		return strings.ReplaceAll(t.Name(), "/", "_")
	}
	return folder
}

// archiveEntries returns the files below a folder, and their indices. Their names begin with that of
// the folder, so that unpacking makes one folder.
func archiveEntries(t Torrent, files []File, folder string) (entries []archive.Entry, indices []int) {
	root := folder[strings.LastIndexByte(folder, '/')+1:]
	if folder == "" && !haveOneRoot(files) {
		root = fileName(folderName(t, folder))
	}
	now := time.Now() // torrents do not say when a file was changed
	for i, f := range files {
		rest, ok := below(f.Path, folder)
		if !ok {
			continue
		}
		entries = append(entries, archive.Entry{Name: join(root, rest), Size: f.Length, Modified: now})
		indices = append(indices, i)
	}
	return entries, indices
}

// haveOneRoot reports whether all files are in one folder, or there is at most one.
func haveOneRoot(files []File) bool {
	if len(files) <= 1 {
		return true
	}
	root, _, ok := strings.Cut(files[0].Path, "/")
	return ok && !slices.ContainsFunc(files, func(f File) bool { return !strings.HasPrefix(f.Path, root+"/") })
}

// servePlaylist answers with a playlist of a folder, or of one file, as the query says.
func (h *Handler) servePlaylist(w http.ResponseWriter, r *http.Request, t Torrent, files []File, contentType string) {
	query := r.URL.Query()
	folder, only := query.Get("folder"), -1
	if query.Has("file") {
		index, ok := parseIndex(query.Get("file"))
		if !ok || index >= len(files) {
			notFound(w)
			return
		}
		only = index
	}
	base := h.baseOf(r)
	items := func(yield func(playlist.Item) bool) {
		for i, f := range files {
			_, ok := below(f.Path, folder)
			if only >= 0 {
				ok = i == only
			}
			if !ok || !mediatype.Playable(f.Path) {
				continue
			}
			title := f.Path[strings.LastIndexByte(f.Path, '/')+1:]
			if !yield(playlist.Item{Title: title, URL: base + filePath(t.ID(), i, f.Path)}) {
				return
			}
		}
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Disposition", disposition("attachment", playlistName(t, files, contentType, folder, only)))
	header.Set("Cache-Control", "no-store")
	h.writeSmall(w, r, func(out *bufio.Writer) error { return playlist.Write(out, t.Name(), items) })
}

// playlistName returns the name under which a playlist is stored.
func playlistName(t Torrent, files []File, contentType, folder string, only int) string {
	name := folderName(t, folder)
	if only >= 0 {
		name = files[only].Path
	}
	if contentType == playlist.ContentTypeM3U {
		return name + ".m3u"
	}
	return name + ".m3u8"
}

// baseOf returns the absolute URL of the index page as the client reaches it, whose host was
// checked.
func (h *Handler) baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	// What http.StripPrefix removed is in what the client sent.
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, _ := strings.CutSuffix(sent, r.URL.EscapedPath())
	if !strings.HasPrefix(prefix, "/") {
		prefix = ""
	}
	return scheme + "://" + r.Host + prefix + h.root
}
