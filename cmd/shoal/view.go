package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// A view is what is shown of one torrent at one moment.
type view struct {
	name     string
	length   int64 // of the content, in bytes
	stats    engine.Stats
	have     swarm.Bitfield
	down, up float64 // bytes per second
}

// share returns how much is held, 0 to 1.
func (v view) share() float64 {
	if v.stats.Phase == engine.PhaseChecking && v.stats.ToCheck > 0 {
		return float64(v.stats.Checked) / float64(v.stats.ToCheck)
	}
	if v.stats.Length == 0 || v.stats.Left == 0 {
		return 1
	}
	return 1 - float64(v.stats.Left)/float64(v.stats.Length)
}

// state says in a word or two what the torrent is doing.
func (v view) state() string {
	switch v.stats.Phase {
	case engine.PhaseChecking:
		return "checking"
	case engine.PhasePaused:
		return "paused"
	case engine.PhaseFailed:
		return "failed"
	case engine.PhaseClosed:
		return "closed"
	}
	switch {
	case v.stats.Complete():
		return "seeding"
	case v.stats.Peers == 0:
		return "looking for peers"
	}
	return "downloading"
}

// eta returns how long the rest takes, if that is known.
func (v view) eta() (time.Duration, bool) {
	seconds := float64(v.stats.Left) / v.down
	if v.stats.Phase == engine.PhaseChecking || v.down < 1 || seconds > 1e9 {
		return 0, v.stats.Left == 0
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// color is that of the state.
func (v view) color() string {
	switch v.state() {
	case "seeding":
		return green
	case "failed":
		return red
	case "downloading":
		return cyan
	}
	return yellow
}

// fields are the figures of the torrent, most wanted first.
func (v view) fields(s style) []string {
	down, up := s.arrows()
	st := v.stats
	if st.Phase == engine.PhaseChecking {
		return []string{formatPercent(v.share()), s.paint(v.color(), v.state()), fmt.Sprintf("%s of %s", formatNumber(int64(st.Checked)), formatCount(st.ToCheck, "piece"))}
	}
	peers := formatCount(st.Peers, "peer")
	if st.Seeds > 0 && !st.Complete() {
		peers += fmt.Sprintf(" (%s)", formatCount(st.Seeds, "seed"))
	}
	if st.Complete() {
		return []string{s.paint(v.color(), v.state()), up + " " + formatRate(v.up), peers, "sent " + formatSize(st.Up.Total)}
	}
	eta := "-"
	if left, known := v.eta(); known {
		eta = formatClock(left)
	}
	state := s.paint(v.color(), v.state())
	if v.state() == "downloading" {
		return []string{formatPercent(v.share()), down + " " + formatRate(v.down), "ETA " + eta, peers, up + " " + formatRate(v.up), v.amount()}
	}
	return []string{formatPercent(v.share()), state, peers, v.amount()}
}

func (v view) amount() string {
	return fmt.Sprintf("%s of %s", formatSize(int64(v.share()*float64(v.length))), formatSize(v.length))
}

// fitting joins as many of fields as fit into a number of columns.
func fitting(fields []string, columns int) string {
	line := ""
	for _, f := range fields {
		next := f
		if line != "" {
			next = line + "  " + f
		}
		if width(next) > columns && line != "" {
			break
		}
		line = next
	}
	return line
}

// mapRows is the number of rows that a map of pieces takes at most.
const mapRows = 3

// legendRows is how many rows a window must have to show the legend of the map.
const legendRows = 12

// showsMap reports whether multiLine draws the map of pieces.
func (v view) showsMap() bool {
	return !v.stats.Complete() && v.stats.Phase != engine.PhaseChecking
}

// multiLine draws a torrent with the map of its pieces.
func (v view) multiLine(s style, columns int) []string {
	columns = max(columns-1, 10)
	size := formatSize(v.length)
	lines := []string{shorten(v.name, columns-width(size)-2) + "  " + s.paint(faint, size)}
	if !v.stats.Complete() || v.stats.Phase == engine.PhaseChecking {
		lines = append(lines, v.pieces(s, columns)...)
	}
	return append(lines, fitting(v.fields(s), columns))
}

// pieces draws the map, in rows that are alike in what a cell stands for.
func (v view) pieces(s style, columns int) (lines []string) {
	if v.stats.Phase == engine.PhaseChecking {
		return []string{s.bar(v.share(), columns)}
	}
	pieces := v.stats.Pieces
	rows := min(mapRows, max(1, pieces/(4*columns)))
	for row := range rows {
		first, end := pieces*row/rows, pieces*(row+1)/rows
		part := swarm.NewBitfield(end - first)
		for i := first; i < end; i++ {
			if v.have.Has(i) {
				part.Set(i - first)
			}
		}
		lines = append(lines, s.pieceMap(part, end-first, columns))
	}
	return lines
}

// oneLine draws a torrent on one line.
func (v view) oneLine(s style, columns int) string {
	columns = max(columns-1, 10)
	name := max(columns/3, 8)
	fields := v.fields(s)
	return padRight(shorten(v.name, name), name) + "  " + fitting(fields, columns-name-2)
}

// screen draws torrents in a window.
func screen(views []view, s style, columns, rows int) (lines []string) {
	if len(views) == 1 {
		lines = views[0].multiLine(s, columns)
		if rows >= legendRows && views[0].showsMap() {
			lines = append(lines, s.paint(faint, s.legend()))
		}
		return lines
	}
	room := max(rows-2, 1)
	for i, v := range views {
		if i == room-1 && len(views) > room {
			lines = append(lines, fmt.Sprintf("and %d more", len(views)-i))
			break
		}
		lines = append(lines, v.oneLine(s, columns))
	}
	return lines
}

// text is the torrent on one line, without a terminal.
func (v view) text() string {
	return v.name + ": " + strings.Join(v.fields(style{}), ", ")
}
