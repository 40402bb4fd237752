package processor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClass(t *testing.T) {
	const everything = "fpu avx2 sha_ni avx512f avx512bw avx512vl"
	for _, test := range []struct {
		name, flags, godebug string
		class                Class
		text                 string
	}{
		{"everything", everything, "", AVX512, "AVX-512 with SHA-NI"},
		{"without SHA-NI", "avx2 avx512f avx512bw avx512vl", "", AVX512, "AVX-512 without SHA-NI"},
		{"too little AVX-512", "avx2 sha_ni avx512f", "", AVX2SHA, "AVX2 with SHA-NI"},
		{"most processors", "avx2 sha_ni", "", AVX2SHA, "AVX2 with SHA-NI"},
		{"older ones", "fpu avx2", "", AVX2, "AVX2 alone"},
		{"SHA-NI alone", "sse2 sha_ni", "", Other, "neither AVX2 nor AVX-512"},
		{"nothing", "", "", Other, "neither AVX2 nor AVX-512"},

		{"AVX-512 off", everything, "cpu.avx512f=off", AVX2SHA, "AVX2 with SHA-NI"},
		{"a part of AVX-512 off", everything, "cpu.avx512vl=off", AVX2SHA, "AVX2 with SHA-NI"},
		{"SHA-NI off", everything, "cpu.sha=off", AVX512, "AVX-512 without SHA-NI"},
		{"both off", everything, "cpu.avx512f=off,cpu.sha=off", AVX2, "AVX2 alone"},
		{"among others", everything, "gctrace=1,cpu.avx512f=off,madvdontneed=1", AVX2SHA, "AVX2 with SHA-NI"},
		{"all off", everything, "cpu.all=off", Other, "neither AVX2 nor AVX-512"},
		{"all but one off", everything, "cpu.all=off,cpu.avx2=on", AVX2, "AVX2 alone"},
		{"off and on", everything, "cpu.avx512f=off,cpu.avx512f=on", AVX512, "AVX-512 with SHA-NI"},
		{"on adds nothing", "avx2", "cpu.avx512f=on,cpu.sha=on", AVX2, "AVX2 alone"},
		{"not about the processor", everything, "sha=off,cpu.sha,cpu.sha=of", AVX512, "AVX-512 with SHA-NI"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parse(strings.Fields(test.flags), test.godebug)
			require.Equal(t, test.class, f.Class())
			require.Equal(t, test.text, f.String())
		})
	}
}
