package mediatype

import "iter"

// Best returns the index of the file that a user most likely wants to play, of paths and lengths
// in bytes: the longest that is Playable, else the longest; the first of equals. It returns -1
// if there is no file.
func Best(files iter.Seq2[string, int64]) int {
	best, bestLength, bestPlayable := -1, int64(0), false
	i := 0
	for path, length := range files {
		playable := Playable(path)
		better := length > bestLength
		if playable != bestPlayable {
			better = playable
		}
		if better || (best < 0) {
			best, bestLength, bestPlayable = i, length, playable
		}
		i++
	}
	return best
}
