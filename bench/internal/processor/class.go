package processor

import (
	"cmp"
	"slices"
	"strings"
)

// A Class is a kind of processor that has bounds of its own.
type Class int

// The classes, in the order of the columns of a table of bounds.
const (
	AVX512  Class = iota // with SHA-NI and without
	AVX2SHA              // AVX2 and SHA-NI
	AVX2                 // AVX2, without SHA-NI
	Other                // every other processor, and every system but Linux
	Classes              // the number of classes
)

// Features are the instructions that decide how fast a program hashes.
type Features struct {
	AVX2   bool
	AVX512 bool // F, BW and VL: what the kernels of 16 lanes need
	SHANI  bool
}

// Class returns the class of a processor with these features.
func (f Features) Class() Class {
	switch {
	case f.AVX512:
		return AVX512
	case f.AVX2 && f.SHANI:
		return AVX2SHA
	case f.AVX2:
		return AVX2
	default:
		return Other
	}
}

// String names the class, and says of AVX-512 whether there is SHA-NI, because rivals
// use it.
func (f Features) String() string {
	switch f.Class() {
	case AVX512:
		if f.SHANI {
			return "AVX-512 with SHA-NI"
		}
		return "AVX-512 without SHA-NI"
	case AVX2SHA:
		return "AVX2 with SHA-NI"
	case AVX2:
		return "AVX2 alone"
	default:
		return "neither AVX2 nor AVX-512"
	}
}

// options has Linux's name of each feature that GODEBUG calls by another name.
var options = map[string]string{"sha": "sha_ni"}

// parse returns the features of a processor whose flags are as /proc/cpuinfo lists
// them. godebug is the value of the variable GODEBUG; of two settings for one feature
// the later one counts, as in Go.
func parse(flags []string, godebug string) Features {
	off := map[string]bool{}
	for setting := range strings.SplitSeq(godebug, ",") {
		name, value, _ := strings.Cut(setting, "=")
		option, found := strings.CutPrefix(name, "cpu.")
		if !found || (value != "on" && value != "off") {
			continue
		}
		if option == "all" {
			for _, f := range flags {
				off[f] = value == "off"
			}
		}
		off[cmp.Or(options[option], option)] = value == "off"
	}
	uses := func(flag string) bool { return slices.Contains(flags, flag) && !off[flag] }
	return Features{
		AVX2:   uses("avx2"),
		AVX512: uses("avx512f") && uses("avx512bw") && uses("avx512vl"),
		SHANI:  uses("sha_ni"),
	}
}
