package house

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A section is a place in a document where rules stand.
type section struct{ file, heading string }

// The sections with the rules that are checked here.
var (
	floorsSection    = section{"ARCHITECTURE.md", "The floors"}
	roomsSection     = section{"ARCHITECTURE.md", "The rooms of the engine"}
	pureSection      = section{"ARCHITECTURE.md", "The protocol as a value"}
	treeSection      = section{"CONTRIBUTING.md", "Working in the tree"}
	versionsSection  = section{"CONTRIBUTING.md", "Modules and versions"}
	codeSection      = section{"CONTRIBUTING.md", "Code"}
	documentsSection = section{"CONTRIBUTING.md", "Documents"}
)

var sections = []section{
	floorsSection, roomsSection, pureSection, treeSection, versionsSection, codeSection, documentsSection,
}

func (s section) String() string { return fmt.Sprintf("%s, section %q", s.file, s.heading) }

// report fails the test with each complaint, and says what is allowed and where that rule
// stands.
func report(t *testing.T, complaints []string, s section, allowed string) {
	t.Helper()
	for _, line := range reportLines(complaints, s, allowed) {
		t.Error(line)
	}
}

// reportLines returns the complaints, and the rule after them if there are any.
func reportLines(complaints []string, s section, allowed string) []string {
	if len(complaints) == 0 {
		return nil
	}
	return append(complaints, fmt.Sprintf("The rule: %s. See %v.", allowed, s))
}

// checkSections complains about sections that do not exist.
func checkSections(w *tree, all []section) (complaints []string) {
	for _, s := range all {
		found := false
		for line := range strings.Lines(w.read(s.file)) {
			heading, isHeading := strings.CutPrefix(line, "#")
			if isHeading && strings.TrimSpace(strings.TrimLeft(heading, "#")) == s.heading {
				found = true
			}
		}
		if !found {
			complaints = append(complaints, fmt.Sprintf("there is no %v: change it in internal/house/sections_test.go", s))
		}
	}
	return complaints
}

func TestSections(t *testing.T) {
	for _, c := range checkSections(workspace(t), sections) {
		t.Error(c)
	}
}

func TestCheckSections(t *testing.T) {
	w := fixture(t, map[string]string{"A.md": "# Top\n\nBelow\n\n## Below this\n"})
	for s, complaint := range map[section]string{
		{"A.md", "Top"}:        "",
		{"A.md", "Below this"}: "",
		{"A.md", "Below"}:      `there is no A.md, section "Below"`,
		{"B.md", "Top"}:        "there is no B.md",
	} {
		requireComplaint(t, checkSections(w, []section{s}), complaint)
	}
}

func TestReportLines(t *testing.T) {
	require.Empty(t, reportLines(nil, codeSection, "all is allowed"))
	require.Equal(t, []string{"a is wrong", "b too", `The rule: all is allowed. See CONTRIBUTING.md, section "Code".`},
		reportLines([]string{"a is wrong", "b too"}, codeSection, "all is allowed"))
}
