package house

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	stepList     = regexp.MustCompile(`(?m)^steps=\(([^)]*)\)`)
	stepFunction = regexp.MustCompile(`(?m)^step_(\w+)\(\)`)
	stepsNamed   = regexp.MustCompile("(?m)\\.ci/run((?: [a-z]+)+)(?:\\s*#|`|$)")
)

// checkSteps complains about steps of CI without a function, functions that no step runs,
// and documents that name steps that do not exist.
func checkSteps(w *tree) (complaints []string) {
	script := w.read(".ci/run")
	list := stepList.FindStringSubmatch(script)
	if list == nil {
		return []string{".ci/run has no list of steps, such as steps=(vet house)"}
	}
	steps := strings.Fields(list[1])
	var functions []string
	for _, m := range stepFunction.FindAllStringSubmatch(script, -1) {
		functions = append(functions, m[1])
	}
	for _, s := range steps {
		if !slices.Contains(functions, s) {
			complaints = append(complaints, fmt.Sprintf(".ci/run: the step %s has no function step_%s", s, s))
		}
	}
	for _, s := range functions {
		if !slices.Contains(steps, s) {
			complaints = append(complaints, fmt.Sprintf(".ci/run: step_%s is not in the list of steps, so it never runs", s))
		}
	}
	for _, name := range w.names {
		if strings.Contains(name, "/") || filepath.Ext(name) != ".md" {
			continue
		}
		for _, m := range stepsNamed.FindAllStringSubmatch(w.read(name), -1) {
			for s := range strings.FieldsSeq(m[1]) {
				if !slices.Contains(steps, s) {
					complaints = append(complaints, fmt.Sprintf("%s: .ci/run has no step %s; it has %s", name, s, strings.Join(steps, ", ")))
				}
			}
		}
	}
	return complaints
}

func TestSteps(t *testing.T) {
	report(t, checkSteps(workspace(t)), treeSection, "each step of the list in .ci/run has a function, and documents name only these steps")
}

func TestCheckSteps(t *testing.T) {
	const script = "steps=(vet house)\n\nstep_vet() { go vet work; }\n\nstep_house() {\n}\n"
	for _, test := range []struct{ name, file, text, complaint string }{
		{"good", "A.md", "Run `.ci/run house vet`, or\n\n```\n.ci/run vet     # one\n.ci/run\n```\n", ""},
		{"no list", ".ci/run", "step_vet() { :; }\n", "no list of steps"},
		{"a step without a function", ".ci/run", strings.Replace(script, "vet h", "vet fmt h", 1), "the step fmt has no function step_fmt"},
		{"a function without a step", ".ci/run", script + "step_fmt() { :; }\n", "step_fmt is not in the list"},
		{"a document", "A.md", "```\n.ci/run vet fmt    # some\n```\n", "A.md: .ci/run has no step fmt; it has vet, house"},
		{"a document in a sentence", "A.md", "Run `.ci/run fmt`.\n", "has no step fmt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{".ci/run": script}
			files[test.file] = test.text
			requireComplaint(t, checkSteps(fixture(t, files)), test.complaint)
		})
	}
}

// TestUnknownStep runs CI with a step that does not exist: nothing runs, and the steps that
// exist are listed.
func TestUnknownStep(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip(".ci/run is a shell script")
	}
	w := workspace(t)
	out, err := exec.Command("bash", filepath.Join(root(), ".ci", "run"), "house", "nosuch").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `there is no step "nosuch"`)
	require.NotContains(t, string(out), "===", "no step runs")
	for s := range strings.FieldsSeq(stepList.FindStringSubmatch(w.read(".ci/run"))[1]) {
		require.Contains(t, string(out), "\t"+s+"\n")
	}
}
