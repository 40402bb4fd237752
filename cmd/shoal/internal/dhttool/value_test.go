package dhttool

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/dht/item"
)

func TestLinesOf(t *testing.T) {
	for value, want := range map[string][]string{
		"0:":         {""},
		"5:a\nb\r\n": {"a", `b\r`},
		"i-7e":       {"-7"},
		"le":         {"[]"},
		"de":         {"{}"},
		"d2:ih20:" + strings.Repeat("\xaa", 20) + "1:xl1:yee": {`{"ih": 0x` + strings.Repeat("aa", 20) + `, "x": ["y"]}`},
		"l4:\x1b]0;e": {`["\x1b]0;"]`},
		"2:\xff\x00":  {"0xff00"},
		"no":          {"0x6e6f"},
	} {
		require.Equal(t, want, linesOf([]byte(value)), value)
	}
	require.Equal(t, "x\xff", string(rawOf([]byte("2:x\xff"))))
	require.Equal(t, "i5e", string(rawOf([]byte("i5e"))))
}

// FuzzLinesOf shows values of strangers: a terminal obeys nothing of them, and they are not
// much longer than the values.
func FuzzLinesOf(f *testing.F) {
	for _, s := range []string{"5:hello", "d1:ai-5e1:bl2:\xff\x001:\"ee", "4:\x1b[0m", "3:\u202e", "i00e", strings.Repeat("l", 30) + strings.Repeat("e", 30)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		i := item.Item{Value: value}
		if i.Check() != nil {
			return // package dht does not let it through
		}
		length := 0
		for _, l := range linesOf(value) {
			length += len(l)
			if terminal.Sanitize(l) != l {
				t.Fatalf("%q is shown as %q", value, l)
			}
		}
		if length > 10*len(value)+2 {
			t.Fatalf("%d bytes are shown as %d", len(value), length)
		}
		rawOf(value)
	})
}
