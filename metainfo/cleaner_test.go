package metainfo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The rules for Windows are tested on every system.
func TestWindowsRules(t *testing.T) {
	w := cleaner{windows: true}
	for in, want := range map[string]string{
		`a<b>c:d"e|f?g*h`: "a_b_c_d_e_f_g_h",
		"file:stream":     "file_stream",
		"dots...":         "dots",
		"space ":          "space",
		". .":             "",
		"...":             "",
		"con .":           "_con",
		"C:":              "C_",
	} {
		require.Equal(t, want, w.component(in), "%q", in)
		if in != "con ." {
			require.NotEmpty(t, cleaner{}.component(in))
		}
	}
	require.Equal(t, "x/_", w.path("x", []string{"...", " "}))
	require.Equal(t, `a:b?`, cleaner{}.component("a:b?"))
}
