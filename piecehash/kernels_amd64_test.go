//go:build !purego

package piecehash

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGODEBUGTurnsSHAOff(t *testing.T) {
	for setting, want := range map[string]bool{
		"": false, "cpu.sha=on": false, "cpu.sha=off": true, "cpu.avx512f=off,cpu.sha=off": true, "cpu.all=off": true,
	} {
		t.Setenv("GODEBUG", setting)
		require.Equal(t, want, shaTurnedOff(), setting)
	}
}

func TestLeaf7NamesSHAAsLinuxDoes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux lists the features of a processor")
	}
	list, err := os.ReadFile("/proc/cpuinfo")
	require.NoError(t, err)
	require.Equal(t, strings.Contains(string(list), " sha_ni"), leaf7()&leaf7SHA != 0)
}
