package subtitle

// A Track is a file of subtitles that belongs to a video.
type Track struct {
	File     int    // index of the file in the paths
	Language string // BCP 47, such as "en" or "pt-BR"; empty if the name does not say
	Label    string // for people, such as "English (SDH)"; no two of a video have the same
}

// MaxTracks is how many tracks a video has at most.
const MaxTracks = 64

// Match returns the tracks of each video among the files of a torrent, by the indices of the
// videos. Paths have slashes. A track is an .srt or .vtt whose name begins with that of the video
// (movie.en.srt), or that is beside or below (Subs/English.srt) the only video of a folder.
func Match(paths []string) map[int][]Track { return nil }
