package processor

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// Read returns the features that this process and its children use.
func Read() Features {
	_, flags := info()
	return parse(flags, os.Getenv("GODEBUG"))
}

// Describe returns the number of cores, the processor's name and its features, including
// those that GODEBUG turns off.
func Describe() string {
	s := fmt.Sprintf("%d cores", runtime.NumCPU())
	model, flags := info()
	if model != "" {
		s += ", " + model
	}
	for _, f := range [][2]string{{"avx2", "AVX2"}, {"avx512f", "AVX-512"}, {"sha_ni", "SHA-NI"}} {
		if slices.Contains(flags, f[0]) {
			s += ", " + f[1]
		}
	}
	return s
}

// info returns the name and the flags of the first processor; empty if Linux does not
// list them.
func info() (model string, flags []string) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", nil
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags":
			return model, strings.Fields(value)
		}
	}
	return model, nil
}
