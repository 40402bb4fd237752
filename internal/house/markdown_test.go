package house

import (
	"slices"
	"strings"
)

// A table is a table of a Markdown text. Each row maps columns to cells.
type table struct {
	columns []string
	rows    []map[string]string
}

// tables returns the tables of text that have all the given columns.
func tables(text string, columns ...string) []table {
	var all []table
	var current *table
	for line := range strings.Lines(text) {
		cells, ok := cellsOf(line)
		switch {
		case !ok:
			current = nil
		case current == nil:
			all = append(all, table{columns: cells})
			current = &all[len(all)-1]
		case strings.Trim(strings.Join(cells, ""), "-: ") == "":
		default:
			row := map[string]string{}
			for i, c := range cells[:min(len(cells), len(current.columns))] {
				row[current.columns[i]] = c
			}
			current.rows = append(current.rows, row)
		}
	}
	return slices.DeleteFunc(all, func(t table) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(t.columns, c) })
	})
}

// cellsOf splits a line of a table into its trimmed cells.
func cellsOf(line string) ([]string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil, false
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

// quoted returns the parts of cell that are in backquotes, in order.
func quoted(cell string) []string {
	var names []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}
