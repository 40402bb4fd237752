package house

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A plan is the table of floors in ARCHITECTURE.md, by module folder.
type plan map[string]room

// A room is one line of the plan.
type room struct {
	floor int
	may   []string // modules that it may import
	third []string // third-party modules that its programs may link
}

// A table is a table of a Markdown text: cells by column name, a map a row.
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

// quoted returns what stands in backquotes in cell, in order.
func quoted(cell string) []string {
	var names []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}

// parsePlan reads the table of floors.
func parsePlan(text string) (plan, error) {
	floors := tables(text, "floor", "module", "may import", "third party")
	if len(floors) != 1 {
		return nil, fmt.Errorf("ARCHITECTURE.md has %d tables of floors, want 1", len(floors))
	}
	long := map[string]string{}
	for _, t := range tables(text, "short name", "third-party module") {
		for _, row := range t.rows {
			long[row["short name"]] = strings.Trim(row["third-party module"], "`")
		}
	}
	p := plan{}
	for _, row := range floors[0].rows {
		name := strings.Trim(row["module"], "`")
		floor, err := strconv.Atoi(row["floor"])
		if err != nil {
			return nil, fmt.Errorf("module %s: floor: %w", name, err)
		}
		if _, twice := p[name]; twice {
			return nil, fmt.Errorf("module %s stands in the table twice", name)
		}
		r := room{floor: floor, may: quoted(row["may import"])}
		for short := range strings.FieldsSeq(strings.Trim(row["third party"], "–")) {
			if long[short] == "" {
				return nil, fmt.Errorf("module %s: third party %s has no line in the table of short names", name, short)
			}
			r.third = append(r.third, long[short])
		}
		if row["may import"] == "all below" {
			r.may = nil
			for _, below := range floors[0].rows {
				if f, err := strconv.Atoi(below["floor"]); err == nil && f < floor {
					r.may = append(r.may, strings.Trim(below["module"], "`"))
				}
			}
		}
		p[name] = r
	}
	return p, nil
}

// checkPlan complains of a plan that lets a module import upwards or sideways,
// and of modules and lines that lack each other.
func checkPlan(p plan, modules []string) (complaints []string) {
	for name, r := range p {
		if !slices.Contains(modules, name) {
			complaints = append(complaints, fmt.Sprintf("ARCHITECTURE.md: module %s is in the table and not in the tree", name))
		}
		for _, m := range r.may {
			if below, ok := p[m]; !ok || below.floor >= r.floor {
				complaints = append(complaints, fmt.Sprintf("ARCHITECTURE.md: module %s may import %s, which is on no floor below it", name, m))
			}
		}
	}
	for _, m := range modules {
		if _, ok := p[m]; !ok {
			complaints = append(complaints, fmt.Sprintf("module %s stands on no floor: add it to the table of ARCHITECTURE.md", m))
		}
	}
	slices.Sort(complaints)
	return complaints
}

// floors returns the plan of the workspace.
func floors(t *testing.T, w *tree) plan {
	t.Helper()
	p, err := parsePlan(w.read("ARCHITECTURE.md"))
	require.NoError(t, err)
	return p
}

func TestPlan(t *testing.T) {
	w := workspace(t)
	report(t, checkPlan(floors(t, w), w.modules))
}

func TestParsePlan(t *testing.T) {
	p, err := parsePlan(planText)
	require.NoError(t, err)
	require.Equal(t, plan{
		"a": {floor: 0},
		"b": {floor: 1, may: []string{"a"}, third: []string{"example.com/lib"}},
		"c": {floor: 2, may: []string{"b", "d", "a"}},
		"d": {floor: 1},
	}, p)
	require.Empty(t, checkPlan(p, []string{"a", "b", "c", "d"}))
	one(t, checkPlan(p, []string{"a", "b", "d"}), "c is in the table and not in the tree")
	one(t, checkPlan(p, []string{"a", "b", "c", "d", "e"}), "e stands on no floor")

	sideways := strings.Replace(planText, "beside b | –", "beside b | `b`", 1)
	p, err = parsePlan(sideways)
	require.NoError(t, err)
	one(t, checkPlan(p, []string{"a", "b", "c", "d"}), "d may import b")

	for name, text := range map[string]string{
		"no table":        "nothing",
		"unknown library": strings.Replace(planText, "| lib |\n", "| other |\n", 1),
		"twice":           strings.Replace(planText, "`d`", "`a`", 1),
		"no floor":        strings.Replace(planText, "| 2 |", "| top |", 1),
	} {
		_, err := parsePlan(text)
		require.Error(t, err, name)
	}
}
