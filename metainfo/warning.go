package metainfo

import "fmt"

// A Warning says that an optional part of a torrent or of a link is malformed. The part
// was left out and the rest is used. There is at most one Warning for each kind of part.
type Warning struct {
	Part   string // the kind, such as "attr" or "piece layers"
	Reason string // what is wrong with the first of them, and what was done
	Count  int    // how many of them are malformed
}

// String returns the warning on one line. It may hold text by the maker of the torrent,
// with quotes and escapes.
func (w Warning) String() string {
	if w.Count > 1 {
		return fmt.Sprintf("%s: %s (and %d more)", w.Part, w.Reason, w.Count-1)
	}
	return w.Part + ": " + w.Reason
}

// warnings are those of one torrent or link. Parts are named by this package, so there
// are few.
type warnings []Warning

// add adds a warning, or counts it if there is one of the same part.
func (w *warnings) add(part, format string, args ...any) {
	for n := range *w {
		if (*w)[n].Part == part {
			(*w)[n].Count++
			return
		}
	}
	*w = append(*w, Warning{part, fmt.Sprintf(format, args...), 1})
}
