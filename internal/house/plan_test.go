package house

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A plan is a table of floors in ARCHITECTURE.md: its rows by name. Either it
// has the modules of the workspace, or it has the rooms (packages) of one module.
type plan map[string]planRow

// A planRow is what a plan says about one module or one room.
type planRow struct {
	floor int
	may   []string // names in the same plan that it may import
	third []string // third-party modules that its programs may link
}

// parseFloors reads a table of floors whose names stand in the given column. The
// cell "all below" means every name on a lower floor.
func parseFloors(t table, column string) (plan, error) {
	p := plan{}
	for _, cells := range t.rows {
		name := strings.Trim(cells[column], "`")
		floor, err := strconv.Atoi(cells["floor"])
		if err != nil {
			return nil, fmt.Errorf("%s %s: floor: %w", column, name, err)
		}
		if _, twice := p[name]; twice {
			return nil, fmt.Errorf("%s %s is in the table twice", column, name)
		}
		p[name] = planRow{floor: floor, may: quoted(cells["may import"])}
	}
	for _, cells := range t.rows {
		if cells["may import"] != "all below" {
			continue
		}
		name := strings.Trim(cells[column], "`")
		row := p[name]
		for below, r := range p {
			if r.floor < row.floor {
				row.may = append(row.may, below)
			}
		}
		slices.Sort(row.may)
		p[name] = row
	}
	return p, nil
}

// parsePlan reads the table of the modules' floors.
func parsePlan(text string) (plan, error) {
	floors := tables(text, "floor", "module", "may import", "third party")
	if len(floors) != 1 {
		return nil, fmt.Errorf("ARCHITECTURE.md has %d tables of floors, want 1", len(floors))
	}
	p, err := parseFloors(floors[0], "module")
	if err != nil {
		return nil, err
	}
	long := map[string]string{}
	for _, t := range tables(text, "short name", "third-party module") {
		for _, cells := range t.rows {
			long[cells["short name"]] = strings.Trim(cells["third-party module"], "`")
		}
	}
	for _, cells := range floors[0].rows {
		name := strings.Trim(cells["module"], "`")
		row := p[name]
		for short := range strings.FieldsSeq(strings.Trim(cells["third party"], "–")) {
			if long[short] == "" {
				return nil, fmt.Errorf("module %s: third party %s has no line in the table of short names", name, short)
			}
			row.third = append(row.third, long[short])
		}
		p[name] = row
	}
	return p, nil
}

// checkPlan complains about rows that allow an import upward or sideways, and
// about differences between the plan and what exists. kind is what the plan
// lists: "module" or "room".
func checkPlan(p plan, kind string, existing []string) (complaints []string) {
	bad := func(format string, args ...any) {
		complaints = append(complaints, "ARCHITECTURE.md: "+kind+" "+fmt.Sprintf(format, args...))
	}
	for name, r := range p {
		if !slices.Contains(existing, name) {
			bad("%s is in the table and not in the tree", name)
		}
		for _, m := range r.may {
			if below, ok := p[m]; !ok || below.floor >= r.floor {
				bad("%s may import %s, which is on no floor below it; below are %s", name, m, strings.Join(p.below(r.floor), ", "))
			}
		}
	}
	for _, m := range existing {
		if _, ok := p[m]; !ok {
			bad("%s is on no floor: add it to the table", m)
		}
	}
	slices.Sort(complaints)
	return complaints
}

// below lists the names on floors below the given one.
func (p plan) below(floor int) (names []string) {
	for name, r := range p {
		if r.floor < floor {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// floors returns the plan of the workspace's modules.
func floors(t *testing.T, w *tree) plan {
	t.Helper()
	p, err := parsePlan(w.read("ARCHITECTURE.md"))
	require.NoError(t, err)
	return p
}

func TestPlan(t *testing.T) {
	w := workspace(t)
	report(t, checkPlan(floors(t, w), "module", w.modules), floorsSection, "the table has a row for each module, which names modules on lower floors only")
}

func TestParsePlan(t *testing.T) {
	p, err := parsePlan(planText)
	require.NoError(t, err)
	require.Equal(t, plan{
		"a": {floor: 0},
		"b": {floor: 1, may: []string{"a"}, third: []string{"example.com/lib"}},
		"c": {floor: 2, may: []string{"a", "b", "d"}},
		"d": {floor: 1},
	}, p)
	require.Empty(t, checkPlan(p, "module", []string{"a", "b", "c", "d"}))
	requireComplaint(t, checkPlan(p, "module", []string{"a", "b", "d"}), "c is in the table and not in the tree")
	requireComplaint(t, checkPlan(p, "module", []string{"a", "b", "c", "d", "e"}), "e is on no floor")

	sideways := strings.Replace(planText, "beside b | –", "beside b | `b`", 1)
	p, err = parsePlan(sideways)
	require.NoError(t, err)
	requireComplaint(t, checkPlan(p, "module", []string{"a", "b", "c", "d"}), "d may import b, which is on no floor below it; below are a")

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
