package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// machine describes the processor, as far as the figures depend on it.
func machine() string {
	s := fmt.Sprintf("%d cores", runtime.NumCPU())
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return s
	}
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "model name":
			s += ", " + strings.TrimSpace(value)
		case "flags":
			have := strings.Fields(value)
			for _, f := range [][2]string{{"avx2", "AVX2"}, {"avx512f", "AVX-512"}, {"sha_ni", "SHA-NI"}} {
				if slices.Contains(have, f[0]) {
					s += ", " + f[1]
				}
			}
			return s
		}
	}
	return s
}
