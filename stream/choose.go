package stream

import "github.com/shoal-bt/shoal/stream/internal/mediatype"

// Playable reports whether media players play a file of this name: video and audio, also what
// browsers do not play.
func Playable(path string) bool { return mediatype.Playable(path) }

// Choose returns the index of the file that a user most likely wants to play: the longest that is
// Playable, else the longest; the first of equals. It returns -1 if there are no files.
func Choose(files []File) int {
	return mediatype.Best(func(yield func(string, int64) bool) {
		for _, f := range files {
			if !yield(f.Path, f.Length) {
				return
			}
		}
	})
}
