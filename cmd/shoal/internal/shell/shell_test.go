package shell

import (
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

func TestQuote(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("shells are others there")
	}
	for arg, want := range map[string]string{
		"a/b-c_d.e:1": "a/b-c_d.e:1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "naïve": "naïve", "a;b": "'a;b'",
	} {
		require.Equal(t, want, Quote(arg))
	}
	require.Equal(t, "./-x", Path("-x"))
	require.Equal(t, "./-", Path("-"))
	require.Equal(t, "./Magnet:x", Path("Magnet:x"))
	require.Equal(t, "'./a://b c'", Path("a://b c"))
	require.Equal(t, "/-/x", Path("/-/x"))
}

// Real shells read what Quote writes as it was.
func TestShellsReadQuotes(t *testing.T) {
	sh, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	for _, arg := range []string{"", "a b", "it's", `back\slash`, "new\nline", "\n", "tab\t1", "\x1b[31m", "\u200f7", "é'\n", "\xff", "-n", "~", "*", "!x", "#", "a\n'b\\"} {
		out, err := exec.Command(sh, "-c", "printf %s "+Quote(arg)+"x").Output()
		require.NoError(t, err)
		require.Equal(t, arg+"x", string(out), Quote(arg))
		require.Equal(t, terminal.Sanitize(Quote(arg)), Quote(arg), "a terminal shows it as it is")
	}
}
