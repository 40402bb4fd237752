package shell

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
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
}
