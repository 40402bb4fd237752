package house

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dependencies returns the packages that a program compiles which imports the
// given packages, or what format prints of each.
func dependencies(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-deps", "-f", format}, packages...)...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		require.NoError(t, err, "%s", failed.Stderr)
	}
	require.NoError(t, err)
	return strings.Fields(string(out))
}

// checkNoNet complains about packages of net, except net/netip: it only computes
// with addresses.
func checkNoNet(packages []string) (complaints []string) {
	for _, p := range packages {
		if in("net", p) && p != "net/netip" {
			complaints = append(complaints, "compiles "+p+", but should do no I/O")
		}
	}
	return complaints
}

func TestBencodeCompilesOneModule(t *testing.T) {
	workspace(t)
	modules := dependencies(t, "{{with .Module}}{{.Path}}{{end}}", prefix+"bencode")
	slices.Sort(modules)
	require.ElementsMatch(t, []string{"github.com/jackpal/bencode-go", prefix + "bencode"}, slices.Compact(modules), "See %v.", floorsSection)
}

// TestProtocolCompilesNoNet is about what imports bring along, while checkPurity
// is about the code of the module itself.
func TestProtocolCompilesNoNet(t *testing.T) {
	workspace(t)
	report(t, checkNoNet(dependencies(t, "{{.ImportPath}}", prefix+"protocol", prefix+"piecepicker")),
		pureSection, "of net, protocol and piecepicker compile net/netip only, with all that they import")
}

func TestCheckNoNet(t *testing.T) {
	require.Empty(t, checkNoNet(dependencies(t, "{{.ImportPath}}", "net/netip")))
	require.Contains(t, checkNoNet(dependencies(t, "{{.ImportPath}}", "net/http")), "compiles net/http, but should do no I/O")
	requireComplaint(t, checkNoNet([]string{"fmt", "net"}), "compiles net,")
	requireComplaint(t, checkNoNet([]string{"net/netip", "net/url"}), "compiles net/url,")
	require.Empty(t, checkNoNet([]string{"internet", prefix + "net"}))
}
