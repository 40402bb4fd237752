package house

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"testing"
)

// unfinished matches marks of unfinished work, and machines matches paths that
// exist on one machine only. Both are written so that they do not match
// themselves.
var (
	unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)
	machines   = regexp.MustCompile(`(^|[^\w./-])/(wo` + `rk|ro` + `ot|ho` + `me/\w+|Us` + `ers/\w+)/\w|[A-Z]:\\Us` + `ers\\\w`)
)

// checkWords complains about lines of text files that only their author can use.
func checkWords(w *tree) (complaints []string) {
	for _, name := range w.names {
		text, err := fs.ReadFile(w.fsys, name)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			continue // deleted since it was listed, or not a text
		}
		number := 0
		for line := range bytes.Lines(text) {
			number++
			if m := unfinished.Find(line); m != nil {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %s: finish it, or open an issue", name, number, m))
			}
			if m := machines.Find(line); m != nil {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %q is a path of one machine", name, number, m))
			}
		}
	}
	return complaints
}

func TestWords(t *testing.T) {
	report(t, checkWords(workspace(t)), documentsSection, "no file has a mark of unfinished work, or a path that exists on one machine; write ~, a path from the top of the workspace, or an example such as /srv/x")
}

func TestCheckWords(t *testing.T) {
	for _, test := range []struct{ name, line, complaint string }{
		{"nothing", "a working tree, a to-do list, src/work/x", ""},
		{"left", "// TO" + "DO: later", "a/x:2: TO" + "DO"},
		{"broken", "# FIX" + "ME", "finish it"},
		{"a path", "see /wo" + "rk/main", "path of one machine"},
		{"a path in quotes", `"/ro` + `ot/go"`, "path of one machine"},
		{"a person's folder", "/ho" + "me/ann/x", "path of one machine"},
		{"a person's folder on Windows", `C:\Us` + `ers\ann`, "path of one machine"},
		{"an address", "https://example.com/wo" + "rk/x", ""},
		{"binary", "\x00 TO" + "DO", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			requireComplaint(t, checkWords(fixture(t, map[string]string{"a/x": "first\n" + test.line + "\n"})), test.complaint)
		})
	}
}
