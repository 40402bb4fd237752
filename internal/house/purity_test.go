package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pureModule only computes: it does no I/O, reads no clock and starts no
// goroutine, so that every run of it can be replayed.
const pureModule = "protocol"

// pureImports are the packages of the standard library that pureModule may use.
var pureImports = strings.Fields(`
	bytes cmp container/heap encoding/binary encoding/hex errors fmt hash/crc32 iter maps math
	math/bits math/rand/v2 net/netip slices sort strconv strings sync/atomic time unicode/utf8`)

// pureImportsOf are further packages, for one package of pureModule alone. Peers' canonical
// priority is a CRC, the memory policy takes locks, because all torrents share it, and a
// suite is for tests.
var pureImportsOf = map[string][]string{
	"protocol/addressbook":          {"hash/crc32"},
	"protocol/budget":               {"sync"},
	"protocol/revealing/revealtest": {"testing"},
}

// impureNames are functions and types of allowed packages that read a clock, wait, start
// a coroutine, use the process's input and output, or depend on the machine's time zone.
var impureNames = map[string][]string{
	"time": strings.Fields("Now Since Until Sleep After AfterFunc NewTimer NewTicker Tick Timer Ticker Local LoadLocation"),
	"fmt":  strings.Fields("Print Printf Println Scan Scanf Scanln"),
	"iter": strings.Fields("Pull Pull2"), // which start a coroutine
}

// impureMethods are methods of the standard library that pure code may not use: Local of
// time.Time depends on the machine's time zone, and Done of context.Context returns a
// channel. The type of a receiver is not known, so no other method of an allowed package
// may have such a name.
var impureMethods = []string{"Local", "Done"}

// explicitRandom are the names of math/rand/v2 that are of a source which the
// caller chose. All others read the process's random source.
var explicitRandom = strings.Fields("New NewPCG NewChaCha8 NewZipf Rand Source PCG ChaCha8 Zipf")

// isSuite reports whether a package is a suite of tests for implementers of a contract, by
// its folder or import path: revealtest tests what package revealing asks for.
func isSuite(folder string) bool { return strings.HasSuffix(folder, "test") }

// checkPurity complains about code in pureModule that does more than compute. Its suites are
// tests.
func checkPurity(w *tree) (complaints []string) {
	packages := w.packages(pureModule)
	if len(packages) == 0 {
		return []string{"there is no module " + pureModule + ", whose purity is checked"}
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if isSuite(folder) {
			continue
		}
		p := w.resolve(packages[folder])
		if p == nil {
			continue
		}
		for _, f := range p.files {
			complaints = append(complaints, impureImports(folder, f)...)
			complaints = append(complaints, w.impureSyntax(p, f)...)
		}
		complaints = append(complaints, w.writableGlobals(p)...)
	}
	return complaints
}

// impureImports complains about imports other than siblings, which the table of
// floors allows or forbids, and the listed packages of the standard library.
func impureImports(folder string, f goFile) (complaints []string) {
	for _, spec := range f.syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		listed := slices.Contains(pureImports, imported) || slices.Contains(pureImportsOf[folder], imported)
		switch {
		case strings.HasPrefix(imported, prefix) && isSuite(imported):
			complaints = append(complaints, fmt.Sprintf("%s imports the suite %s, which pure code may not", f.path, imported))
		case !listed && !strings.HasPrefix(imported, prefix):
			complaints = append(complaints, fmt.Sprintf("%s imports %s, which pure code may not", f.path, imported))
		case spec.Name != nil && spec.Name.Name == ".":
			complaints = append(complaints, fmt.Sprintf("%s imports %s under the name of a dot, which hides what it uses", f.path, imported))
		}
	}
	return complaints
}

// impureSyntax complains about goroutines, channels and impure functions.
func (t *tree) impureSyntax(p *typedPackage, f goFile) (complaints []string) {
	bad := func(n ast.Node, what string) {
		complaints = append(complaints, fmt.Sprintf("%s:%d %s, which pure code may not", f.path, t.fset.Position(n.Pos()).Line, what))
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			bad(n, "starts a goroutine")
		case *ast.ChanType:
			bad(n, "has a channel")
		case *ast.SendStmt:
			bad(n, "sends to a channel")
		case *ast.SelectStmt:
			bad(n, "selects between channels")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				bad(n, "receives from a channel")
			}
		case *ast.RangeStmt:
			if p.isChannel(n.X) {
				bad(n, "ranges over a channel")
			}
		case *ast.Ident:
			builtin, ok := p.info.Uses[n].(*types.Builtin)
			if ok && slices.Contains([]string{"print", "println", "close"}, builtin.Name()) {
				bad(n, "uses "+builtin.Name())
			}
		case *ast.SelectorExpr:
			from := p.imported(n.X)
			global := from == "math/rand/v2" && !slices.Contains(explicitRandom, n.Sel.Name)
			if global || slices.Contains(impureNames[from], n.Sel.Name) {
				bad(n, "uses "+from+"."+n.Sel.Name)
			}
			if from == "" && p.info.Selections[n] == nil && slices.Contains(impureMethods, n.Sel.Name) {
				bad(n, "uses the method "+n.Sel.Name+" of another package")
			}
		}
		return true
	})
	return complaints
}

func TestProtocolIsPure(t *testing.T) {
	report(t, checkPurity(workspace(t)), pureSection, "protocol only computes. The time is an argument, randomness comes from a source that the caller "+
		"chose, and what is to be done is an Effect, which engine carries out. Of the standard library it imports "+strings.Join(pureImports, ", ")+
		", and protocol/budget also sync. A variable of a package is an error, an array or another value that is never written")
}

func TestCheckPurity(t *testing.T) {
	for _, test := range []struct{ name, file, text, complaint string }{
		{"an allowed import", "p.go", `import "bytes"`, ""},
		{"a sibling", "p.go", `import "` + prefix + `swarm"`, ""},
		{"another import", "p.go", `import "context"`, "imports context"},
		{"a checksum", "p.go", `import "hash/crc32"`, ""},
		{"another import in a suite", "choking/chokingtest/p.go", `import "testing"`, ""},
		{"a suite", "p.go", `import "` + prefix + `protocol/choking/chokingtest"`, "imports the suite"},
		{"a suite in a test", "p_test.go", `import "` + prefix + `protocol/choking/chokingtest"`, ""},
		{"all of net", "p.go", `import "net"`, "imports net,"},
		{"math/rand", "p.go", `import "math/rand"`, "imports math/rand,"},
		{"a third party", "p.go", `import "example.com/lib"`, "imports example.com/lib"},
		{"cgo", "p.go", `import "C"`, "imports C"},
		{"an import under a dot", "p.go", `import . "time"`, "name of a dot"},
		{"sync", "p.go", `import "sync"`, "imports sync,"},
		{"sync in a leaf", "choking/p.go", `import "sync"`, "protocol/choking/p.go imports sync,"},
		{"sync in budget", "budget/p.go", `import "sync"`, ""},
		{"a test", "p_test.go", "import \"context\"\n\nfunc f() { go f() }", ""},
		{"a duration", "p.go", "import \"time\"\n\nconst d = time.Second", ""},
		{"the clock", "p.go", "import \"time\"\n\nfunc f() time.Time { return time.Now() }", "p.go:5 uses time.Now"},
		{"the clock as a value", "p.go", "import \"time\"\n\nfunc f() any { return time.Since }", "uses time.Since"},
		{"the clock under another name", "p.go", "import clock \"time\"\n\nfunc f() { clock.Sleep(1) }", "uses time.Sleep"},
		{"a variable called time", "p.go", "import _ \"time\"\n\nfunc f(time struct{ Now func() }) { time.Now() }", ""},
		{"a source", "p.go", "import \"math/rand/v2\"\n\nfunc f(r *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(1, r.Uint64())) }", ""},
		{"the global source", "p.go", "import \"math/rand/v2\"\n\nfunc f() int { return rand.IntN(3) }", "uses math/rand/v2.IntN"},
		{"output", "p.go", "import \"fmt\"\n\nfunc f() { fmt.Println() }", "uses fmt.Println"},
		{"output of the language", "p.go", "func f() { println() }", "uses println"},
		{"a function called print", "p.go", "func print() {}\n\nfunc f() { print() }", ""},
		{"a coroutine", "p.go", "import \"iter\"\n\nfunc f(s iter.Seq[int]) { iter.Pull(s) }", "uses iter.Pull"},
		{"a goroutine", "p.go", "func f() { go f() }", "starts a goroutine"},
		{"a channel", "p.go", "type t struct{ c chan int }", "has a channel"},
		{"a channel in budget", "budget/p.go", "type t struct{ c chan int }", "has a channel"},
		{"a send", "p.go", "func f(c any) { c <- 1 }", "sends to a channel"},
		{"a receive", "p.go", "func f(c any) { <-c }", "receives from a channel"},
		{"a loop over a channel of another package", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f() { for range swarm.Ticks { } }", "p.go:5 ranges over a channel"},
		{"a loop over a field of another package", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f(t swarm.Timer) { for x := range t.C { _ = x } }", "ranges over a channel"},
		{"a loop over the result of another package", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f() { for range swarm.Open() { } }", "ranges over a channel"},
		{"a loop over a slice of another package", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f(t swarm.Timer) { for range t.S { } }", ""},
		{"a loop over a channel of time", "p.go", "import \"time\"\n\nfunc f(t *time.Ticker) { for range t.C { } }", "uses time.Ticker"},
		{"a close", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f() { close(swarm.Ticks) }", "uses close"},
		{"a loop over the channel of a context", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f(t swarm.Timer) { for range t.Ctx.Done() { } }", "uses the method Done"},
		{"the time zone", "p.go", "import \"time\"\n\nfunc f(t time.Time) int { return t.Local().Hour() }", "p.go:5 uses the method Local"},
		{"the time zone of a field", "p.go", "import \"time\"\n\ntype s struct{ at time.Time }\n\nfunc (s *s) f() any { return s.at.Local }", "uses the method Local"},
		{"the time zone as a method expression", "p.go", "import \"time\"\n\nvar local = time.Time.Local", "uses the method Local"},
		{"the time zone of an event of another package", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f(t swarm.Timer) any { return t.At.Local() }", "uses the method Local"},
		{"a method of that name", "p.go", "type t struct{}\n\nfunc (t) Local() {}\n\nfunc f(x t) { x.Local() }", ""},
		{"a method of that name of a sibling", "p.go", "import \"" + prefix + "swarm\"\n\nfunc f(t swarm.Timer) { t.Local() }", ""},
		{"a select", "p.go", "func f() { select {} }", "selects between channels"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := checkPurity(fixture(t, map[string]string{
				"protocol/go.mod":       "",
				"protocol/" + test.file: "package p\n\n" + test.text + "\n",
				"swarm/go.mod":          "",
				"swarm/swarm.go": "package swarm\n\nimport (\n\t\"context\"\n\t\"time\"\n)\n\ntype Timer struct {\n\tC <-chan time.Time\n\tS []int\n\tAt time.Time\n\tCtx context.Context\n}\n\n" +
					"func (Timer) Local() {}\n\nvar Ticks chan int\n\nfunc Open() chan int { return Ticks }\n",
			}))
			requireComplaint(t, got, test.complaint)
		})
	}
	requireComplaint(t, checkPurity(fixture(t, map[string]string{"engine/go.mod": ""})), "no module protocol")
}
