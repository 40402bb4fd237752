package house

import (
	"fmt"
	"go/scanner"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// packageBudget is the number of lines of code that a package may reach. Empty
// lines and comments do not count, so that nobody saves on these; nor do tests,
// the suites of swarm and packages for tests.
const packageBudget = 3000

// moduleBudgets are the lines of code that all packages of a module may reach
// together: swarm so that it holds contracts and no more, engine so that it
// stays thin.
var moduleBudgets = map[string]int{"engine": 4000, "swarm": 400}

// checkCodeBudgets complains about packages and modules with too much code.
func checkCodeBudgets(w *tree) (complaints []string) {
	packages, modules := map[string]int{}, map[string]int{}
	for _, f := range w.files {
		folder := path.Dir(f.path)
		suite := f.module == "swarm" && folder != "swarm"
		if f.test() || suite || slices.Contains(testRooms, folder) {
			continue
		}
		n := codeLines(w.read(f.path))
		packages[folder] += n
		modules[f.module] += n
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if n := packages[folder]; n > packageBudget {
			complaints = append(complaints, fmt.Sprintf("package %s has %d lines of code, want at most %d: make it two packages", folder, n, packageBudget))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(moduleBudgets)) {
		if n := modules[module]; n > moduleBudgets[module] {
			complaints = append(complaints, fmt.Sprintf("module %s has %d lines of code outside its tests and suites, want at most %d: move code to a module that may have more", module, n, moduleBudgets[module]))
		}
	}
	return complaints
}

// codeLines counts the lines of a Go file that are neither empty nor a comment
// alone.
func codeLines(text string) (n int) {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(text))
	s.Init(file, []byte(text), nil, 0)
	last := 0 // the last line that was counted
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return n
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue // the scanner added it
		}
		line := file.Line(pos)
		for part := range strings.SplitSeq(literal, "\n") { // several in a raw string
			empty := literal != "" && strings.TrimSpace(part) == ""
			if line > last && !empty {
				n, last = n+1, line
			}
			line++
		}
	}
}

func TestCodeBudgets(t *testing.T) {
	report(t, checkCodeBudgets(workspace(t)), codeSection, fmt.Sprintf("a package has at most %d lines of code, all of engine %d, "+
		"and swarm without its suites %d; empty lines, comments and tests do not count", packageBudget, moduleBudgets["engine"], moduleBudgets["swarm"]))
}

func TestCodeLines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       int
	}{
		{"nothing", "", 0},
		{"a clause", "package x\n", 1},
		{"no newline", "package x", 1},
		{"comments", "// Package x is.\npackage x // here\n\n/* a\nb */\n\nvar y int\n", 2},
		{"a comment before code", "package x\n\n/* a */ var y int\n", 2},
		{"a raw string", "package x\n\nvar y = `a\n\n// b\n`\n", 4},
		{"two on a line", "package x; var y int\n", 1},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, codeLines(test.text)) })
	}
}

func TestCheckCodeBudgets(t *testing.T) {
	code := func(lines int) string {
		return "// Package x is.\npackage x\n\n" + strings.Repeat("var _ int\n", lines-1)
	}
	for _, test := range []struct {
		name      string
		files     map[string]string
		complaint string
	}{
		{"a package just right", map[string]string{"x/a.go": code(1500), "x/b.go": code(1500), "x/a_test.go": code(1), "x/sub/c.go": code(3000)}, ""},
		{"a large package", map[string]string{"x/sub/a.go": code(1500), "x/sub/b.go": code(1501)}, "package x/sub has 3001 lines of code"},
		{"a large package of a module below", map[string]string{"x/y/a.go": code(3001)}, "package x/y has"},
		{"swarm just right", map[string]string{"swarm/a.go": code(400), "swarm/a_test.go": code(400), "swarm/storagetest/s.go": code(400)}, ""},
		{"a large swarm", map[string]string{"swarm/a.go": code(400), "swarm/b.go": code(1)}, "module swarm has 401 lines of code"},
		{"an engine just right", map[string]string{"engine/a.go": code(3000), "engine/internal/x/a.go": code(1000), "engine/internal/simnet/a.go": code(900), "engine/x_test.go": code(9)}, ""},
		{"a large engine", map[string]string{"engine/a.go": code(3000), "engine/internal/x/a.go": code(1001)}, "module engine has 4001 lines of code"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.files["x/go.mod"], test.files["x/y/go.mod"], test.files["swarm/go.mod"], test.files["engine/go.mod"] = "", "", "", ""
			requireComplaint(t, checkCodeBudgets(fixture(t, test.files)), test.complaint)
		})
	}
}
