package house

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// roomed are the modules whose packages ("rooms") must have a table of floors of
// their own. Other modules may have one.
var roomed = []string{"engine"}

// testRooms are packages for tests. Every test of their module may import them,
// and nothing else may. They count as tests in the budgets.
var testRooms = []string{"engine/internal/simnet"}

// parseRooms reads the tables of rooms: a plan for each module that has one.
func parseRooms(text string, w *tree) (map[string]plan, error) {
	plans := map[string]plan{}
	for _, t := range tables(text, "floor", "room", "may import") {
		p, err := parseFloors(t, "room")
		if err != nil {
			return nil, err
		}
		module := ""
		for _, name := range slices.Sorted(maps.Keys(p)) {
			of := w.moduleOf(name)
			switch {
			case of == "":
				return nil, fmt.Errorf("room %s is in no module", name)
			case module != "" && of != module:
				return nil, fmt.Errorf("a table has rooms of two modules, %s and %s", module, of)
			}
			module = of
		}
		if plans[module] != nil {
			return nil, fmt.Errorf("module %s has two tables of rooms", module)
		}
		plans[module] = p
	}
	return plans, nil
}

// checkRooms complains about rooms that differ from the table of their module,
// and about imports that the table does not allow.
func checkRooms(w *tree) (complaints []string) {
	plans, err := parseRooms(w.read("ARCHITECTURE.md"), w)
	if err != nil {
		return []string{"ARCHITECTURE.md: " + err.Error()}
	}
	for _, module := range roomed {
		if plans[module] == nil {
			complaints = append(complaints, "ARCHITECTURE.md has no table of rooms for module "+module)
		}
	}
	for _, module := range slices.Sorted(maps.Keys(plans)) {
		p, packages := plans[module], w.packages(module)
		complaints = append(complaints, checkPlan(p, "room", slices.Sorted(maps.Keys(packages)))...)
		for _, folder := range slices.Sorted(maps.Keys(packages)) {
			for _, f := range packages[folder] {
				complaints = append(complaints, w.checkRoomImports(p, f)...)
			}
		}
	}
	for _, room := range testRooms {
		if len(w.packages(w.moduleOf(room))[room]) == 0 {
			complaints = append(complaints, "testRooms names "+room+", which does not exist")
		}
	}
	return complaints
}

// checkRoomImports complains about rooms of its own module that f may not import.
func (t *tree) checkRoomImports(p plan, f goFile) (complaints []string) {
	from := path.Dir(f.path)
	for _, spec := range f.syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		room, ours := strings.CutPrefix(imported, prefix)
		if err != nil || !ours || room == from || t.moduleOf(room) != f.module {
			continue
		}
		switch {
		case slices.Contains(testRooms, room):
			if !f.test() {
				complaints = append(complaints, fmt.Sprintf("%s imports %s, which only tests may", f.path, room))
			}
		case !slices.Contains(p[from].may, room):
			complaints = append(complaints, fmt.Sprintf("%s imports %s, which the row of room %s does not name; it names %s", f.path, room, from, cmp.Or(strings.Join(p[from].may, ", "), "no room")))
		}
	}
	return complaints
}

func TestRooms(t *testing.T) {
	report(t, checkRooms(workspace(t)), roomsSection, "the table has a row for each package of the module, which imports of this module what its row names, "+
		"on floors below; "+strings.Join(testRooms, ", ")+" is for tests. To let a package import another, change its row")
}

func TestCheckRooms(t *testing.T) {
	const header = "| floor | room | purpose | may import |\n|---|---|---|---|\n"
	const engine = header +
		"| 2 | `engine` | runs | `engine/internal/conns` |\n" +
		"| 1 | `engine/internal/conns` | sockets | `engine/internal/memory` |\n" +
		"| 1 | `engine/internal/disk` | storage | – |\n" +
		"| 0 | `engine/internal/memory` | blocks | – |\n" +
		"| 0 | `engine/internal/simnet` | tests | – |\n"
	imports := func(room string) string { return "package x\n\nimport _ \"" + prefix + room + "\"\n" }
	for _, test := range []struct{ name, file, text, complaint string }{
		{"good", "", "", ""},
		{"no table", "ARCHITECTURE.md", "nothing", "no table of rooms for module engine"},
		{"a room that is not in the table", "engine/internal/new/x.go", "package x\n", "engine/internal/new is on no floor"},
		{"a folder of tests", "engine/internal/new/x_test.go", "package x\n", "engine/internal/new is on no floor"},
		{"a room that does not exist", "ARCHITECTURE.md", engine + "| 0 | `engine/internal/gone` | – | – |\n", "engine/internal/gone is in the table and not in the tree"},
		{"upward", "ARCHITECTURE.md", strings.Replace(engine, "blocks | –", "blocks | `engine/internal/disk`", 1), "on no floor below it"},
		{"sideways", "ARCHITECTURE.md", strings.Replace(engine, "storage | –", "storage | `engine/internal/conns`", 1), "on no floor below it"},
		{"twice", "ARCHITECTURE.md", engine + "| 0 | `engine` | – | – |\n", "in the table twice"},
		{"no floor", "ARCHITECTURE.md", strings.Replace(engine, "| 2 |", "| top |", 1), "floor"},
		{"two tables", "ARCHITECTURE.md", engine + "\n" + engine, "two tables of rooms"},
		{"two modules", "ARCHITECTURE.md", engine + "| 0 | `swarm` | – | – |\n", "two modules"},
		{"no module", "ARCHITECTURE.md", engine + "| 0 | `z` | – | – |\n", "z is in no module"},
		{"another module's table", "ARCHITECTURE.md", engine + "\n" + header + "| 0 | `swarm` | – | – |\n", ""},
		{"another module's missing row", "ARCHITECTURE.md", engine + "\n" + header + "| 0 | `swarm` | – | – |\n| 0 | `swarm/x` | – | – |\n", "swarm/x is in the table"},
		{"an import that is named", "engine/x.go", imports("engine/internal/conns"), ""},
		{"an import that is not named", "engine/x.go", imports("engine/internal/memory"), "the row of room engine does not name; it names engine/internal/conns"},
		{"an import of a room that may import none", "engine/internal/disk/d.go", imports("engine/internal/memory"), "the row of room engine/internal/disk does not name; it names no room"},
		{"an import in a test", "engine/x_test.go", imports("engine/internal/memory"), "the row of room engine does not name"},
		{"an import of the package under test", "engine/x_test.go", imports("engine"), ""},
		{"another module", "engine/x.go", imports("swarm"), ""},
		{"test helpers in a test", "engine/internal/disk/x_test.go", imports("engine/internal/simnet"), ""},
		{"test helpers in code", "engine/internal/disk/x.go", imports("engine/internal/simnet"), "which only tests may"},
		{"all below", "ARCHITECTURE.md", strings.Replace(engine, "runs | `engine/internal/conns`", "runs | all below", 1), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{
				"ARCHITECTURE.md":             engine,
				"engine/go.mod":               "",
				"engine/engine.go":            imports("engine/internal/conns"),
				"engine/internal/conns/c.go":  imports("engine/internal/memory"),
				"engine/internal/disk/d.go":   "package disk\n",
				"engine/internal/memory/m.go": "package memory\n",
				"engine/internal/simnet/s.go": "package simnet\n",
				"swarm/go.mod":                "",
				"swarm/swarm.go":              "package swarm\n",
			}
			if test.file != "" {
				files[test.file] = test.text
			}
			requireComplaint(t, checkRooms(fixture(t, files)), test.complaint)
		})
	}
	requireComplaint(t, checkRooms(fixture(t, map[string]string{"engine/go.mod": "", "engine/e.go": "package e\n", "ARCHITECTURE.md": header + "| 0 | `engine` | – | – |\n"})), "testRooms names")
}
