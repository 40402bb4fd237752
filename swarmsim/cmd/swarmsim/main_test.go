package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarmsim"
	"github.com/stretchr/testify/require"
)

var small = []string{"-peers", "5", "-pieces", "4"}

func TestTableOfAllScenarios(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(small, &out))
	for _, name := range []string{"last/bound", "flash", "steady", "slowseed", "mixed", "freeriders", "liars", "leaving"} {
		require.Contains(t, out.String(), name)
	}
}

func TestJSONAndSVG(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "x.svg")
	args := append(small, "-scenario", "flash", "-slots", "0,4", "-picker", "rarest,random,sequential", "-choker", "tit-for-tat,random,all", "-json", "-svg", file)
	require.NoError(t, run(args, &out))
	var rows []struct {
		Scenario string
		Result   struct{ Complete int }
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &rows))
	require.Len(t, rows, 18)
	for _, r := range rows {
		require.Equal(t, 5, r.Result.Complete)
	}
	picture, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(picture), "4 slots, random, tit-for-tat")
}

func TestRulesArePairs(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(append(small, "-scenario", "flash", "-rules", "rarest/all,random/random"), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	require.Regexp(t, `rarest +all`, lines[1])
	require.Regexp(t, `random +random`, lines[2])
}

// TestMisbehave runs one way to misbehave in which so little content is shared that too much
// of it is wasted, and one that hurts nobody.
func TestMisbehave(t *testing.T) {
	var out bytes.Buffer
	args := []string{"-misbehave", "-peers", "5", "-time", "1m", "-scenario"}
	require.NoError(t, run(append(args, "flood-choke", "-pieces", "100"), &out))
	require.Contains(t, out.String(), "flood-choke")
	require.ErrorContains(t, run(append(args, "wrong-bytes", "-pieces", "4"), &out), "wrong-bytes, seed 1: scenario: ")
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-scenario", "x"}, {"-slots", "x"}, {"-seed", "-1"}, {"-picker", "x"}, {"-choker", "x"}, {"-peers", "-1"}, {"-rules", "rarest"}, {"-rules", "x/all"}, {"-no-such-flag"},
		{"-scenario", "flash", "-svg", filepath.Join("no", "such", "folder")},
	} {
		var out bytes.Buffer
		require.Error(t, run(append(small, args...), &out), "%v", args)
	}
}

func TestNamesSayWhatDiffers(t *testing.T) {
	a := row{Scenario: "flash", Picker: "rarest", Choker: "all", Result: new(swarmsim.Result)}
	b := a
	b.Slots = -1
	require.Equal(t, []string{"default slots", "no limit slots"}, names([]row{a, b}))
	require.Equal(t, []string{"flash"}, names([]row{a}))
}
