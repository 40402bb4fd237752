// Package progress shows how far torrents are: as text, on one line each, or with a map
// of the pieces. It draws; when and where to is decided by its callers.
package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// A View is what is shown of one torrent at one moment.
type View struct {
	Name     string // fit for a terminal
	Length   int64  // of the content, in bytes
	Stats    engine.Stats
	Have     swarm.Bitfield
	Wanted   swarm.Bitfield // pieces that are wanted; nil for all
	Done     bool           // every wanted piece is held and on disk
	Sent     int64          // payload bytes, in this run
	Received int64          // the same

	Readers []Reader // who reads files of it

	Metadata client.FetchStats // while that is fetched

	DHT      string // what finds peers beside the trackers, in a few words; empty for nothing to say
	DHTNodes *int   // that are known; nil if the torrent does not use the DHT

	Measured bool    // there are rates
	Down, Up float64 // bytes per second
}

// isPartial reports whether not all of the torrent is wanted.
func (v View) isPartial() bool { return v.Stats.Wanted < v.Stats.Pieces }

// wanted returns how many bytes are wanted, and how many of these are missing.
func (v View) wanted() (length, left int64) {
	if v.isPartial() {
		return v.Stats.WantedLength, v.Stats.WantedLeft
	}
	return v.Length, v.Stats.Left // Stats.WantedLength counts pads
}

// Writing reports whether the torrent has every wanted piece and only waits for the disk.
func (v View) Writing() bool {
	running := v.Stats.Phase == engine.PhaseRunning || v.Stats.Phase == engine.PhaseClosed
	return running && v.Stats.Finished() && !v.Done
}

// Share returns how much of what is wanted is held, 0 to 1.
func (v View) Share() float64 {
	if v.Stats.Phase == engine.PhaseChecking && v.Stats.ToCheck > 0 {
		return float64(v.Stats.Checked) / float64(v.Stats.ToCheck)
	}
	if v.withoutMetadata() {
		return 0
	}
	length, left := v.wanted()
	if length == 0 || left == 0 {
		return 1
	}
	return 1 - float64(left)/float64(length)
}

// State says in a word or two what the torrent is doing.
func (v View) State() string {
	switch v.Stats.Phase {
	case engine.PhaseChecking:
		return "checking"
	case engine.PhasePaused:
		return "paused"
	case engine.PhaseFailed:
		return "failed"
	case engine.PhaseClosed:
		return "closed"
	case engine.PhaseFetching:
		return "fetching metadata"
	}
	switch {
	case v.Writing():
		return "writing to disk"
	case v.Stats.Finished():
		return "seeding"
	case v.Stats.Peers == 0:
		return "looking for peers"
	}
	return "downloading"
}

// ETA returns how long the rest takes, if that is known.
func (v View) ETA() (time.Duration, bool) {
	_, left := v.wanted()
	seconds := float64(left) / v.Down
	if v.Stats.Phase != engine.PhaseRunning || !v.Measured || v.Down < 1 || seconds > 1e9 {
		return 0, left == 0
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// color is that of the state.
func (v View) color() string {
	switch v.State() {
	case "seeding":
		return terminal.Green
	case "failed":
		return terminal.Red
	case "downloading":
		return terminal.Cyan
	}
	return terminal.Yellow
}

// fields are the figures of the torrent, most wanted first.
func (v View) fields(s terminal.Style) []string {
	down, up := s.Arrows()
	st := v.Stats
	if v.withoutMetadata() {
		return v.withDHT(v.metadataState(s))
	}
	if st.Phase == engine.PhaseChecking {
		return []string{quantity.Percent(v.Share()), s.Paint(v.color(), v.State()), fmt.Sprintf("%s of %s", quantity.Number(int64(st.Checked)), quantity.Count(st.ToCheck, "piece"))}
	}
	peers := quantity.Count(st.Peers, "peer")
	if st.Seeds > 0 && !st.Finished() {
		peers += fmt.Sprintf(" (%s)", quantity.Count(st.Seeds, "seed"))
	}
	state := s.Paint(v.color(), v.State())
	var downRate, upRate []string
	if v.Measured {
		downRate, upRate = []string{down + " " + quantity.Rate(v.Down)}, []string{up + " " + quantity.Rate(v.Up)}
	}
	var buffered []string
	if text := v.buffered(); text != "" {
		buffered = []string{text}
	}
	if st.Finished() {
		return v.withDHT(slices.Concat([]string{state}, buffered, upRate, []string{peers, "sent " + quantity.Size(v.Sent)})...)
	}
	if v.State() != "downloading" {
		return v.withDHT(slices.Concat([]string{quantity.Percent(v.Share()), state}, buffered, []string{peers, v.amount()})...)
	}
	if left, known := v.ETA(); known {
		downRate = append(downRate, "ETA "+quantity.Clock(left))
	}
	return v.withDHT(slices.Concat([]string{quantity.Percent(v.Share())}, buffered, downRate, []string{peers}, upRate, []string{v.amount()})...)
}

// withDHT adds what finds peers, while the torrent can use any.
func (v View) withDHT(fields ...string) []string {
	phase := v.Stats.Phase
	if v.DHT == "" || (phase != engine.PhaseRunning && phase != engine.PhaseFetching) {
		return fields
	}
	return append(fields, v.DHT)
}

// withoutMetadata reports whether nobody knows what the torrent has.
func (v View) withoutMetadata() bool { return v.Stats.Left < 0 }

// metadataState says how far the fetch of the metadata is.
func (v View) metadataState(s terminal.Style) string {
	text := s.Paint(v.color(), v.State())
	if v.Stats.Phase != engine.PhaseFetching {
		return text
	}
	if v.Metadata.Peers == 0 {
		text += ", looking for peers"
	} else {
		text += " from " + quantity.Count(v.Metadata.Peers, "peer")
	}
	if v.Metadata.Pieces > 0 {
		text += fmt.Sprintf(", %s of %s", quantity.Number(int64(v.Metadata.Held)), quantity.Count(v.Metadata.Pieces, "piece"))
	}
	return text
}

func (v View) amount() string {
	length, left := v.wanted()
	text := fmt.Sprintf("%s of %s", quantity.Size(length-left), quantity.Size(length))
	if v.isPartial() {
		text += " wanted"
	}
	return text
}

// Fitting joins as many of fields as fit into a number of columns.
func Fitting(fields []string, columns int) string {
	line := ""
	for _, f := range fields {
		next := f
		if line != "" {
			next = line + "  " + f
		}
		if terminal.Width(next) > columns && line != "" {
			break
		}
		line = next
	}
	return line
}

// mapRows is the number of rows that a map of pieces takes at most.
const mapRows = 3

// aroundMap is how many rows of a window are not for the map: those of the name, the figures
// and the cursor.
const aroundMap = 3

// legendRows is how many rows a window must have to show the legend of the map.
const legendRows = 12

// showsMap reports whether multiLine draws the map of pieces.
func (v View) showsMap() bool {
	return !v.Stats.Finished() && v.Stats.Phase != engine.PhaseChecking && !v.withoutMetadata()
}

// multiLine draws a torrent with the map of its pieces, which has at most most rows.
func (v View) multiLine(s terminal.Style, columns, most int) []string {
	columns = max(columns-1, 10)
	if v.withoutMetadata() {
		return []string{terminal.Shorten(v.Name, columns), Fitting(v.fields(s), columns)}
	}
	size := quantity.Size(v.Length)
	if v.isPartial() {
		size = quantity.Size(v.Stats.WantedLength) + " of " + size + " wanted"
	}
	lines := []string{terminal.Shorten(v.Name, columns-terminal.Width(size)-2) + "  " + s.Paint(terminal.Faint, size)}
	if !v.Stats.Finished() || v.Stats.Phase == engine.PhaseChecking {
		lines = append(lines, v.pieces(s, columns, most)...)
	}
	return append(lines, Fitting(v.fields(s), columns))
}

// pieces draws the map, in rows that are alike in what a cell stands for.
func (v View) pieces(s terminal.Style, columns, most int) (lines []string) {
	if v.Stats.Phase == engine.PhaseChecking {
		return []string{s.Bar(v.Share(), columns)}
	}
	have, pieces := v.wantedPieces()
	rows := min(most, max(1, pieces/(4*columns)))
	for row := range rows {
		first, end := pieces*row/rows, pieces*(row+1)/rows
		part := swarm.NewBitfield(end - first)
		for i := first; i < end; i++ {
			if have.Has(i) {
				part.Set(i - first)
			}
		}
		lines = append(lines, pieceMap(s, part, end-first, columns))
	}
	return lines
}

// wantedPieces returns which of the wanted pieces are held, counted without the others, and how
// many are wanted.
func (v View) wantedPieces() (have swarm.Bitfield, n int) {
	if v.Wanted == nil {
		return v.Have, v.Stats.Pieces
	}
	have = swarm.NewBitfield(v.Wanted.Count())
	for i := range v.Stats.Pieces {
		if !v.Wanted.Has(i) {
			continue
		}
		if v.Have.Has(i) {
			have.Set(n)
		}
		n++
	}
	return have, n
}

// oneLine draws a torrent on one line.
func (v View) oneLine(s terminal.Style, columns int) string {
	columns = max(columns-1, 10)
	name := max(columns/3, 8)
	fields := v.fields(s)
	return terminal.PadRight(terminal.Shorten(v.Name, name), name) + "  " + Fitting(fields, columns-name-2)
}

// Draw returns the lines that show torrents in a window.
func Draw(views []View, s terminal.Style, columns, rows int) (lines []string) {
	if len(views) == 1 {
		lines = views[0].multiLine(s, columns, min(mapRows, max(rows-aroundMap, 0)))
		if rows >= legendRows && views[0].showsMap() {
			lines = append(lines, s.Paint(terminal.Faint, legend(s)))
		}
		return lines
	}
	// With half the columns the terminal wraps lines to twice the rows. If those fit
	// into the window, nothing is pushed out where it cannot be drawn again.
	room := max(rows/2, 1)
	for i, v := range views {
		if i == room-1 && len(views) > room {
			lines = append(lines, fmt.Sprintf("and %d more", len(views)-i))
			break
		}
		lines = append(lines, v.oneLine(s, columns))
	}
	return lines
}

// Text is the torrent on one line, without a terminal.
func (v View) Text() string {
	if v.Stats.Peers+v.Metadata.Peers > 0 {
		v.DHT = "" // it changes all the time
	}
	return v.Name + ": " + strings.Join(v.fields(terminal.Style{}), ", ")
}
