//go:build !purego

package piecehash

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd testdata/gen && GOWORK=off go run . -out ../../lanes_amd64.s -stubs ../../lanes_amd64.go -pkg piecehash"

// hasAVX512 reports whether the processor has all that the AVX-512 kernels need.
var hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL

// hasSHA reports whether the processor has all that the kernels of SHA instructions need.
var hasSHA = leaf7()&leaf7SHA != 0 && !shaTurnedOff() && cpu.X86.HasSSSE3 && cpu.X86.HasSSE41

// leaf7SHA is set in EBX of CPUID's leaf 7 if the processor has SHA instructions.
const leaf7SHA = 1 << 29

// shaTurnedOff reports whether GODEBUG turns SHA instructions off, for the standard library
// and for us. Package cpu reads GODEBUG too, but does not know these instructions.
func shaTurnedOff() bool {
	return slices.ContainsFunc(strings.Split(os.Getenv("GODEBUG"), ","), func(setting string) bool {
		return setting == "cpu.sha=off" || setting == "cpu.all=off"
	})
}

// kernels1 returns the kernels of SHA-1 that this processor can run.
func kernels1() []kernel {
	return available(
		[]kernel{{"avx512", 16, sha1x16}, {"avx512half", 8, sha1x8}},
		[]kernel{{"avx2", 8, sha1avx2}},
		[]kernel{{"shani4", 4, sha1ni4}, {"shani3", 3, sha1ni3}, {"shani2", 2, sha1ni2}},
	)
}

// kernels256 returns the kernels of SHA-256 that this processor can run.
func kernels256() []kernel {
	return available(
		[]kernel{{"avx512", 16, sha256x16}, {"avx512half", 8, sha256x8}},
		[]kernel{{"avx2", 8, sha256avx2}},
		[]kernel{{"shani4", 4, sha256ni4}, {"shani3", 3, sha256ni3}, {"shani2", 2, sha256ni2}},
	)
}

func available(avx512, avx2, shani []kernel) (out []kernel) {
	if hasAVX512 {
		out = append(out, avx512...)
	}
	if cpu.X86.HasAVX2 {
		out = append(out, avx2...)
	}
	if hasSHA {
		out = append(out, shani...)
	}
	return out
}
