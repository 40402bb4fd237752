package mediatype

import (
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestByName(t *testing.T) {
	for path, want := range map[string]Type{
		"Film/Film.mp4":           {"video/mp4", Video, true, true},
		"FILM.MKV":                {"video/x-matroska", Video, true, true},
		"film.avi":                {"video/x-msvideo", Video, true, false},
		"film.rmvb":               {"application/vnd.rn-realmedia", Video, false, false},
		"song.flac":               {"audio/flac", Audio, true, true},
		"cover.JPG":               {"image/jpeg", Image, true, true},
		"film.nfo":                {"text/plain; charset=utf-8", Text, true, true},
		"film.en.srt":             {"text/plain; charset=utf-8", Subtitles, true, true},
		"film.vtt":                {"text/vtt; charset=utf-8", Subtitles, true, true},
		"book.zip":                {"application/zip", Other, false, false},
		"page.html":               octetStream,
		"picture.svg":             octetStream,
		"feed.xml":                octetStream,
		"book.pdf":                octetStream,
		"film.mp4.html":           octetStream,
		"film.mp4.":               octetStream,
		"film.mp4 ":               octetStream,
		"film.mp4\x00":            octetStream,
		"film.mp4/page":           octetStream,
		"mp4":                     octetStream,
		".mp4":                    {"video/mp4", Video, true, true},
		"":                        octetStream,
		"...":                     octetStream,
		"a/":                      octetStream,
		strings.Repeat(".", 1000): octetStream,
	} {
		assert.Equal(t, want, ByName(path), "%q", path)
	}
}

// safe reports whether a browser runs nothing in content of this type.
func safe(contentType string) bool {
	if contentType == "image/svg+xml" {
		return false
	}
	for _, prefix := range []string{"audio/", "video/", "image/"} {
		if strings.HasPrefix(contentType, prefix) {
			return true
		}
	}
	return (contentType == "text/plain; charset=utf-8") || (contentType == "text/vtt; charset=utf-8")
}

func TestOnlySafeTypesAreInline(t *testing.T) {
	types := []Type{octetStream}
	for _, r := range rows {
		types = append(types, r.t)
	}
	for _, sniffed := range bySniffing {
		types = append(types, sniffed)
	}
	for _, r := range types {
		assert.NotEmpty(t, r.ContentType)
		assert.True(t, safe(r.ContentType) || !r.Inline, "%+v", r)
		assert.True(t, r.Inline || !r.Browser, "%+v", r)
		assert.False(t, r.Inline && (r.Kind == Other), "%+v", r)
	}
	for ext := range active {
		assert.NotContains(t, byExtension, ext)
	}
	n := 0
	for _, r := range rows {
		n += len(strings.Fields(r.extensions))
	}
	assert.Len(t, byExtension, n, "no extension is in two rows")
}

func TestSniff(t *testing.T) {
	const (
		png  = "\x89PNG\x0d\x0a\x1a\x0a"
		webm = "\x1a\x45\xdf\xa3"
		html = "<!DOCTYPE html><script>alert(1)</script>"
		svg  = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">`
		pdf  = "%PDF-1.7"
	)
	for _, test := range []struct {
		path, head, want string
		inline           bool
	}{
		{"film", webm, "video/webm", true},
		{"film.mp4 ", webm, "video/webm", true},
		{"cover.unknown", png, "image/png", true},
		{"sound", "ID3\x04", "audio/mpeg", true},
		{"sound", "OggS\x00", "video/ogg", true},
		{"film.mp4", webm, "video/mp4", true},
		{"film.mp4", html, "video/mp4", true},
		{"page.html", png, "application/octet-stream", false},
		{"picture.svg", png, "application/octet-stream", false},
		{"program.exe", png, "application/octet-stream", false},
		{"page", html, "application/octet-stream", false},
		{"page", svg, "application/octet-stream", false},
		{"page", "<?xml", "application/octet-stream", false},
		{"page", pdf, "application/octet-stream", false},
		{"page", "just text", "application/octet-stream", false},
		{"page", "", "application/octet-stream", false},
		{"a.zip", png, "application/zip", false},
	} {
		got := Sniff(test.path, []byte(test.head))
		assert.Equal(t, test.want, got.ContentType, "%q %q", test.path, test.head)
		assert.True(t, Unknown(test.path) || (got == ByName(test.path)), "%q", test.path)
		assert.Equal(t, test.inline, got.Inline, "%q %q", test.path, test.head)
	}
}

func FuzzSniff(f *testing.F) {
	f.Add("a.html", []byte("<html>"))
	f.Add("a", []byte("\x00\x00\x00\x1cftypmp42\x00\x00\x00\x00mp42"))
	f.Fuzz(func(t *testing.T, path string, head []byte) {
		for _, got := range []Type{ByName(path), Sniff(path, head)} {
			assert.True(t, safe(got.ContentType) || !got.Inline, "%+v", got)
			assert.NotContains(t, got.ContentType, "html")
		}
		assert.True(t, !Playable(path) || (Sniff(path, head) == ByName(path)), "bytes change what is playable")
	})
}

type pathAndLength struct {
	path   string
	length int64
}

func list(files []pathAndLength) iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, f := range files {
			if !yield(f.path, f.length) {
				return
			}
		}
	}
}

func TestBest(t *testing.T) {
	for _, test := range []struct {
		files []pathAndLength
		want  int
	}{
		{nil, -1},
		{[]pathAndLength{{"readme.txt", 0}}, 0},
		{[]pathAndLength{{"a.zip", 5}, {"b.zip", 9}, {"c.zip", 9}}, 1},
		{[]pathAndLength{{"sample.mp4", 5}, {"film.avi", 9}, {"extras.iso", 100}}, 1},
		{[]pathAndLength{{"extras.iso", 100}, {"film.mkv", 9}, {"a.mp3", 9}}, 1},
		{[]pathAndLength{{"a.mp3", 3}, {"b.FLAC", 30}, {"cover.jpg", 50}}, 1},
		{[]pathAndLength{{"cover.jpg", 50}, {"a.mp3", 0}}, 1},
	} {
		assert.Equal(t, test.want, Best(list(test.files)), "%v", test.files)
	}
}
