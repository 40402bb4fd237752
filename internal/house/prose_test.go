package house

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A phrase is an expression that makes prose hard to read, and what to write
// instead.
type phrase struct {
	words  *regexp.Regexp
	except *regexp.Regexp // allows a match if what follows it matches; nil for none
	advice string
}

// phrases are those that a program can find without false alarms.
var phrases = []phrase{
	newPhrase(`besides`, "", `write "also", "apart from" or nothing`),
	newPhrase(`anew`, "", `write "again"`),
	newPhrase(`whoever`, "", `write "if you", or name who`),
	newPhrase(`so many`, `[^.;:]{0,60}\bthat\b`, `write "the given number of", or name the number`),
	newPhrase(`what came of`, "", `write "the result of"`),
	newPhrase(`(am|is|are|was|were|be|been|being|no|any|little|much) of use`, "", `write "useful", or say for what`),
	newPhrase(`(is|are|was|were|be|been|being) told`, ` (to|apart|from)\b`, `write who gets, reads or reports what`),
	newPhrase(`(that|which) lacks?`, ` (a|an|the|any|some|all|both|its|their|this|that|one|it|them|what)\b`, `write "is missing"`),
	newPhrase(`(lies|lie|lay|lain) (in|on|beside|there)`, ` a row\b`, `write "is in" or "is stored in"`),
	newPhrase(`, ((in|of|for|by|with) )?\w+ neither`, ` ["\w]`, `write "and not ..." or "not even ..."`),
	newPhrase(`(hang|hangs|hung|hanging) up`, "", `write "closes the connection"`),
	newPhrase(`for no matter`, "", `write "means no preference"`),
}

// newPhrase returns a phrase. A space in a pattern stands for any white space, so
// that a line may end there.
func newPhrase(words, except, advice string) phrase {
	space := func(s string) string { return strings.ReplaceAll(s, " ", `\s+`) }
	before := `\b`
	if strings.HasPrefix(words, ",") {
		before = ""
	}
	p := phrase{words: regexp.MustCompile(`(?i)` + before + space(words) + `\b`), advice: advice}
	if except != "" {
		p.except = regexp.MustCompile(`^` + space(except))
	}
	return p
}

// A passage is prose of one file, of which line i is line first+i of the file.
type passage struct {
	file  string
	first int
	text  string
}

// codeSpan matches code in prose.
var codeSpan = regexp.MustCompile("`[^`\n]*`")

// checkProse complains about phrases in comments of Go files that are not tests,
// and in Markdown documents. Code in them is not prose.
func checkProse(w *tree) (complaints []string) {
	for _, p := range w.passages() {
		text := codeSpan.ReplaceAllString(p.text, "`code`")
		for _, ph := range phrases {
			for _, at := range ph.words.FindAllStringIndex(text, -1) {
				if ph.except != nil && ph.except.MatchString(text[at[1]:]) {
					continue
				}
				line := p.first + strings.Count(text[:at[0]], "\n")
				found := strings.Join(strings.Fields(text[at[0]:at[1]]), " ")
				complaints = append(complaints, fmt.Sprintf("%s:%d: %q: %s", p.file, line, found, ph.advice))
			}
		}
	}
	return complaints
}

// passages returns the prose of the tree, by file and line.
func (t *tree) passages() (all []passage) {
	for _, f := range t.files {
		if f.test() {
			continue
		}
		for _, group := range f.syntax.Comments {
			var lines []string
			for _, c := range group.List {
				line, _ := strings.CutPrefix(c.Text, "//")
				if strings.HasPrefix(line, "\t") {
					line = "" // preformatted
				}
				lines = append(lines, line)
			}
			all = append(all, passage{f.path, t.fset.Position(group.Pos()).Line, strings.Join(lines, "\n")})
		}
	}
	for _, name := range t.names {
		if path.Ext(name) == ".md" && !underTestdata(name) {
			all = append(all, passage{name, 1, withoutFences(t.read(name))})
		}
	}
	slices.SortStableFunc(all, func(a, b passage) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.first, b.first))
	})
	return all
}

// withoutFences returns a Markdown text with an empty line for each line of code.
func withoutFences(text string) string {
	var lines []string
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if inside || fence {
			line = ""
		}
		inside = inside != fence
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestProse(t *testing.T) {
	report(t, checkProse(workspace(t)), documentsSection, "comments and documents use none of the phrases in internal/house/prose_test.go, "+
		"which has something better for each; what is in backquotes, indented by a tab or fenced is code, and free")
}

func TestCheckProse(t *testing.T) {
	comment := func(text string) string { return "package a\n\n" + text + "\nvar x int\n" }
	for _, test := range []struct{ name, file, text, complaint string }{
		{"besides", "a.go", comment("// x is, besides y."), `a/a.go:3: "besides": write "also"`},
		{"beside", "a.go", comment("// x is beside y."), ""},
		{"a word in capitals", "a.go", comment("// Whoever reads x."), `"Whoever"`},
		{"anew", "a.go", comment("// x is made anew."), `write "again"`},
		{"two lines", "a.go", comment("// x\n// is made of so\n// many parts."), `a/a.go:4: "so many"`},
		{"so many that", "a.go", comment("// x has so many parts\n// that it is slow."), ""},
		{"what came of it", "a.go", comment("// what came of x."), "the result of"},
		{"of use", "a.go", comment("// x is of use."), "useful"},
		{"of used", "a.go", comment("// x is of used memory, in order of use."), ""},
		{"is told", "a.go", comment("// x is told that."), "who gets"},
		{"is told to", "a.go", comment("// x is told to go."), ""},
		{"that lacks", "a.go", comment("// A key that lacks is empty."), "is missing"},
		{"that lacks something", "a.go", comment("// A map that lacks the key."), ""},
		{"lies in", "a.go", comment("// x lies in a file."), "is stored in"},
		{"lies between", "a.go", comment("// x lies between y and z."), ""},
		{"neither", "a.go", comment("// Not in code, in tests neither."), "not even"},
		{"neither with nor", "a.go", comment("// x is short, is neither y nor z."), ""},
		{"lie in a row", "a.go", comment("// Three that lie in a row."), ""},
		{"neither as an object", "a.go", comment("// It reads both, and keeps neither."), ""},
		{"hung up", "a.go", comment("// The peer hung up."), "closes the connection"},
		{"no matter", "a.go", comment("// 0 for no matter."), "no preference"},
		{"a comment at the end of a line", "a.go", "package a\n\nvar x int // made anew\n", "a/a.go:3:"},
		{"a long comment", "a.go", comment("/* x is\nmade anew. */"), "a/a.go:4:"},
		{"code in a comment", "a.go", comment("// x is:\n//\n//\tanew\n//\n// and `anew`."), ""},
		{"a string", "a.go", "package a\n\nvar x = \"anew\"\n", ""},
		{"a test", "a_test.go", comment("// x is made anew."), ""},
		{"a document", "README.md", "# a\n\nIt is made anew.\n", "a/README.md:3:"},
		{"a document of the workspace", "../README.md", "It is made anew.\n", "README.md:1:"},
		{"code in a document", "README.md", "# a\n\n```\nanew\n```\n\nIt is `anew`.\n", ""},
		{"prose after code", "README.md", "# a\n\n```\nanew\n```\n\nIt is anew.\n", "a/README.md:7:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := fixture(t, map[string]string{"a/go.mod": "", path.Join("a", test.file): test.text})
			requireComplaint(t, checkProse(w), test.complaint)
		})
	}
}
