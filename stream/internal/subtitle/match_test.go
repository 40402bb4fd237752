package subtitle

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// matched returns the tracks of a video as "label [language] path".
func matched(paths []string, video string) (lines []string) {
	tracks := Match(paths)
	for i, p := range paths {
		if p != video {
			continue
		}
		for _, track := range tracks[i] {
			lines = append(lines, fmt.Sprintf("%s [%s] %s", track.Label, track.Language, paths[track.File]))
		}
	}
	return lines
}

func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		paths []string
		want  []string // of the first path
	}{
		"nothing":        {[]string{"movie.mkv", "movie.txt"}, nil},
		"the same name":  {[]string{"movie.mkv", "MOVIE.SRT"}, []string{"Subtitles [] MOVIE.SRT"}},
		"languages":      {[]string{"a/movie.mkv", "a/movie.en.srt", "a/movie.de.vtt"}, []string{"English [en] a/movie.en.srt", "German [de] a/movie.de.vtt"}},
		"another folder": {[]string{"a/movie.mkv", "b/movie.en.srt", "movie.en.srt", "a/b/movie.srt"}, nil},
		"Subs":           {[]string{"a/movie.mkv", "a/Subs/English.srt", "a/Subs/2_Spanish.srt"}, []string{"English [en] a/Subs/English.srt", "Spanish [es] a/Subs/2_Spanish.srt"}},
		"at the top":     {[]string{"movie.mkv", "subtitles/movie.fr.srt"}, []string{"French [fr] subtitles/movie.fr.srt"}},
		"a folder of the video": {[]string{"a/e1.mkv", "a/e2.mkv", "a/Subs/e1/2_English.srt", "a/Subs/e2/2_English.srt"},
			[]string{"English [en] a/Subs/e1/2_English.srt"}},
		"a folder of the language": {[]string{"a/e1.mkv", "a/e2.mkv", "a/Subs/English/e1.srt", "a/Subs/English/e2.srt"},
			[]string{"English [en] a/Subs/English/e1.srt"}},
		"the longest name": {[]string{"a/Show.mkv", "a/Show 2.mkv", "a/Show 2.en.srt", "a/Show.en.srt"}, []string{"English [en] a/Show.en.srt"}},
		"no whole word":    {[]string{"a/Show.mkv", "a/Shown.mkv", "a/Showing.en.srt"}, nil},
		"two videos":       {[]string{"a/x.mkv", "a/y.mkv", "a/English.srt"}, nil},
		"a sample":         {[]string{"a/x.mkv", "a/x-sample.mkv", "a/English.srt"}, []string{"English [en] a/English.srt"}},
		"two formats":      {[]string{"a/x.mkv", "a/x.mp4", "a/x.en.srt"}, []string{"English [en] a/x.en.srt"}},
		"episodes": {[]string{"a/Show.S01E02.1080p.WEB.mkv", "a/Show.S01E03.1080p.WEB.mkv", "a/show 1x02 english.srt", "a/show 1x03 english.srt", "a/Subs/s1e2.srt"},
			[]string{"English [en] a/show 1x02 english.srt", "S1e2 [] a/Subs/s1e2.srt"}},
		"brackets":     {[]string{"Film (2020).mp4", "Film (2020)[Eng].srt", "Film (2020) - Deutsch (forced).srt"}, []string{"English [en] Film (2020)[Eng].srt", "German (forced) [de] Film (2020) - Deutsch (forced).srt"}},
		"equal labels": {[]string{"m.mkv", "m.en.srt", "m.eng.srt", "m.english.srt"}, []string{"English [en] m.en.srt", "English 2 [en] m.eng.srt", "English 3 [en] m.english.srt"}},
		"audio":        {[]string{"m.mp3", "m.en.srt"}, nil},
		"the same path twice": {[]string{"m.mkv", "m.mkv", "m.srt", "m.srt"}, []string{
			"Subtitles [] m.srt", "Subtitles 2 [] m.srt", "Subtitles [] m.srt", "Subtitles 2 [] m.srt"}},
	} {
		assert.Equal(t, test.want, matched(test.paths, test.paths[0]), name)
	}
}

func TestMeaning(t *testing.T) {
	for name, want := range map[string]string{
		"":                       " []",
		".en":                    "English [en]",
		".EN":                    "English [en]",
		".eng.forced":            "English (forced) [en]",
		".forced.eng":            "English (forced) [en]",
		".en.sdh":                "English (SDH) [en]",
		".en.hi":                 "English (SDH) [en]",
		".en[cc]":                "English (SDH) [en]",
		".hi":                    "Hindi [hi]",
		".hi.srt":                "Hindi [hi]",
		".pt-BR":                 "Portuguese (Brazil) [pt-BR]",
		".pt_br.forced":          "Portuguese (Brazil) (forced) [pt-BR]",
		".pob":                   "Portuguese (Brazil) [pt-BR]",
		".pt":                    "Portuguese [pt]",
		".zh-Hant":               "Chinese (Traditional) [zh-Hant]",
		".简体中文":                  "Chinese (Simplified) [zh-Hans]",
		".日本語":                   "Japanese [ja]",
		"2_English":              "English [en]",
		"english by somebody":    "English [en]",
		"this is it":             "Italian [it]",
		"it is here":             " []",
		".forced":                "Forced []",
		".commentary":            "Commentary []",
		".xx":                    " []",
		".utf8.default":          " []",
		"-":                      " []",
		"Film.Español (Latino)":  "Spanish (Latin America) [es-419]",
		strings.Repeat("a.", 99): " []",
	} {
		m := meaningOf(name)
		assert.Equal(t, want, m.label()+" ["+m.language.tag+"]", "%q", name)
	}
}

func TestEpisode(t *testing.T) {
	for name, want := range map[string]string{
		"show.s01e02.web":   "1x2",
		"s1e2":              "1x2",
		"show s01 e02":      "1x2",
		"show - 1x02 - end": "1x2",
		"show 01x02":        "1x2",
		"show.s2024e0100":   "",
		"show.s202e0100.x":  "202x100",
		"s00e00":            "x",
		"1920x1080":         "",
		"s01e02e03":         "",
		"s01":               "",
		"s":                 "",
		"shows01e02":        "",
		"és01e02":           "",
		"x264":              "",
		"show 1x":           "",
		"":                  "",
		"s s1e1":            "1x1",
	} {
		assert.Equal(t, want, episodeOf(name), "%q", name)
	}
}

func TestLabels(t *testing.T) {
	for name, want := range map[string]string{
		"":                        "Subtitles",
		"...":                     "Subtitles",
		".made by_somebody":       "Made by somebody",
		"a\nb\x1b[31m\u202e":      "A b 31m",
		strings.Repeat("é", 100):  "É" + strings.Repeat("é", 59) + "…",
		"\xff":                    "\ufffd",
		strings.Repeat("a", 1000): "A" + strings.Repeat("a", 59) + "…",
	} {
		assert.Equal(t, want, labelOf(name), "%q", name)
	}
}

// A stranger's files must not cost the square of their number, in time or in tracks.
func TestManySubtitles(t *testing.T) {
	const count = 20_000
	var paths []string
	for range count {
		paths = append(paths, "a.mkv", "a.srt")
	}
	n := 0
	for video, tracks := range Match(paths) {
		assert.Equal(t, "a.mkv", paths[video])
		n += len(tracks)
	}
	assert.Equal(t, maxSharing*MaxTracks, n)
}

func FuzzMatch(f *testing.F) {
	f.Add("a/m.mkv\na/m.en.srt\na/Subs/English.srt\nb/s01e01.mp4\nb/1x01.vtt")
	f.Add("/.mkv\n//.srt\n\n.srt\nsubs/.srt\nsubs/a/.vtt")
	f.Fuzz(func(t *testing.T, list string) {
		paths := strings.Split(list, "\n")
		for video, tracks := range Match(paths) {
			assert.LessOrEqual(t, len(tracks), MaxTracks)
			labels := map[string]bool{}
			for _, track := range tracks {
				assert.True(t, isSubtitle(paths[track.File]))
				assert.False(t, isSubtitle(paths[video]))
				assert.NotEmpty(t, track.Label)
				assert.LessOrEqual(t, utf8.RuneCountInString(track.Label), maxLabel+4)
				assert.True(t, utf8.ValidString(track.Label))
				assert.False(t, labels[track.Label], "%q is there twice", track.Label)
				labels[track.Label] = true
			}
		}
	})
}
