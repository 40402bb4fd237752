// Gen writes the assembly of package piecehash and the Go declarations of it. The
// go:generate line of that package says how to run it. It stands below testdata,
// as a module of its own, so that the package does not depend on avo.
//
// The rounds are written once, in sha1.go and sha256.go, over three shapes: 16
// lanes with AVX-512, 8 lanes with AVX-512 on registers half as long, and 8 lanes
// with AVX2, which has neither rotations nor ternary logic and too few registers
// to hold a block of each lane. The functions of SHA instructions, with 2 to 4 lanes,
// have rounds of their own, in shani1.go and shani256.go.
package main

import "github.com/mmcloughlin/avo/build"

func main() {
	build.ConstraintExpr("!purego")
	sha1("sha1x16", "SHA-1 in 16 lanes. It needs AVX512F and AVX512BW.", newLong)
	sha1("sha1x8", "SHA-1 in 8 lanes. It needs AVX512F, AVX512BW and AVX512VL.", newShort)
	sha1("sha1avx2", "SHA-1 in 8 lanes. It needs AVX2.", newOld)
	sha256("sha256x16", "SHA-256 in 16 lanes. It needs AVX512F and AVX512BW.", newLong)
	sha256("sha256x8", "SHA-256 in 8 lanes. It needs AVX512F, AVX512BW and AVX512VL.", newShort)
	sha256("sha256avx2", "SHA-256 in 8 lanes. It needs AVX2.", newOld)
	sha1ni("sha1ni2", "SHA-1 in 2 lanes. It needs SHA, SSSE3 and SSE4.1.", 2)
	sha1ni("sha1ni3", "SHA-1 in 3 lanes. It needs SHA, SSSE3 and SSE4.1.", 3)
	sha1ni("sha1ni4", "SHA-1 in 4 lanes. It needs SHA, SSSE3 and SSE4.1.", 4)
	sha256ni("sha256ni2", "SHA-256 in 2 lanes. It needs SHA, SSSE3 and SSE4.1.", 2)
	sha256ni("sha256ni3", "SHA-256 in 3 lanes. It needs SHA, SSSE3 and SSE4.1.", 3)
	sha256ni("sha256ni4", "SHA-256 in 4 lanes. It needs SHA, SSSE3 and SSE4.1.", 4)
	leaf7()
	build.Generate()
}
