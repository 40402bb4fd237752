//go:build !purego

package piecehash

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd testdata/gen && GOWORK=off go run . -out ../../lanes_amd64.s -stubs ../../lanes_amd64.go -pkg piecehash"

// hasAVX512 reports whether the processor has all that the AVX-512 kernels need.
var hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL

// kernels1 returns the kernels of SHA-1 that this processor can run.
func kernels1() []kernel {
	return available(
		kernel{"avx512", 16, sha1x16},
		kernel{"avx512half", 8, sha1x8},
		kernel{"avx2", 8, sha1avx2},
	)
}

// kernels256 returns the kernels of SHA-256 that this processor can run.
func kernels256() []kernel {
	return available(
		kernel{"avx512", 16, sha256x16},
		kernel{"avx512half", 8, sha256x8},
		kernel{"avx2", 8, sha256avx2},
	)
}

func available(long, half, old kernel) (out []kernel) {
	if hasAVX512 {
		out = append(out, long, half)
	}
	if cpu.X86.HasAVX2 {
		out = append(out, old)
	}
	return out
}
