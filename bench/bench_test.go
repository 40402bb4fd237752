package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bench/internal/attack"
	"github.com/shoal-bt/shoal/bench/internal/processor"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/rival"
	"github.com/shoal-bt/shoal/bench/internal/wan"
)

// TestMain is also the program that the tests start as a child.
func TestMain(m *testing.M) {
	if found, err := runPart(os.Args[1:]); found {
		exit(err)
		return
	}
	os.Exit(m.Run())
}

// TestRun measures a little of what needs nothing but Go, and looks at what is left.
func TestRun(t *testing.T) {
	tmp, out := t.TempDir(), t.TempDir()
	args := []string{"-quick", "-size", "16M", "-torrents", "20", "-conns", "30", "-watch", "10ms", "-tmp", tmp, "-out", out, "-profile", out,
		"-only", "download,seed1,random,recheck,hash,many,idle"}
	require.NoError(t, run(t.Context(), args, io.Discard, t.Output()))
	b, err := os.ReadFile(filepath.Join(out, "bench.json"))
	require.NoError(t, err)
	var r report.Report
	require.NoError(t, json.Unmarshal(b, &r))
	require.Len(t, r.Scenarios, 7)
	require.Equal(t, processor.Read().String(), r.Class)
	for _, s := range r.Scenarios {
		require.Empty(t, s.Errors)
		for _, row := range s.Rows {
			require.Len(t, row.Runs, 1, "%s: %s", s.Name, row.Name)
		}
	}
	for _, name := range []string{"bench.md", "bench.svg"} {
		require.FileExists(t, filepath.Join(out, name))
	}
	// What a run left can be drawn again.
	drawn, again := filepath.Join(out, "bench.svg"), new(strings.Builder)
	require.NoError(t, run(t.Context(), []string{"-plot", filepath.Join(out, "bench.json")}, again, t.Output()))
	svg, err := os.ReadFile(drawn)
	require.NoError(t, err)
	require.Equal(t, string(svg), again.String())
	profiles, err := filepath.Glob(filepath.Join(out, "many-*.heap"))
	require.NoError(t, err)
	require.Len(t, profiles, 1)
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestAttack measures a little of the attacks that are over soon, against two programs.
func TestAttack(t *testing.T) {
	if err := attack.Missing(); err != nil {
		t.Skip(err)
	}
	tmp, out := t.TempDir(), new(strings.Builder)
	r := &runner{dir: tmp}
	require.NoError(t, r.buildShoal(t.Context()))
	shoal := r.path("shoal")
	args := []string{"-quick", "-size", "16M", "-tmp", tmp, "-only", "attack", "-of", "flood of port: seed|ports", "-shoal", "one=" + shoal + ",two=" + shoal}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	require.Contains(t, out.String(), "\n| flood of port: seed beside it, MiB/s; one |")
	require.Contains(t, out.String(), "\n| 10000 ports of one address: honest peers the tracker names, %; two |")
}

// TestTracker measures a little of the trackers.
func TestTracker(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.1.0.1:0")
	if err != nil {
		t.Skip("this system has one address of loopback")
	}
	c.Close()
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", t.TempDir(), "-only", "tracker"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	for _, name := range []string{"shoal, UDP", "shoal, HTTP", "empty, HTTP"} {
		require.Contains(t, out.String(), "\n| "+name+" |")
	}
}

// TestDHT measures a little of a node of the DHT.
func TestDHT(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.1.0.1:0")
	if err != nil {
		t.Skip("this system has one address of loopback")
	}
	c.Close()
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", t.TempDir(), "-only", "dht"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	for _, name := range []string{"shoal, idle", "shoal, serving", "shoal, flood of one address", "shoal, flood of 200 addresses"} {
		require.Contains(t, out.String(), "\n| "+name+" |")
	}
}

// TestChoose changes priorities, and downloads a little meanwhile.
func TestChoose(t *testing.T) {
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", t.TempDir(), "-only", "choose", "-of", "a call|each 100 ms"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	for _, name := range []string{"shoal, a call", "shoal, a call, some not wanted", "shoal, all each 100 ms"} {
		require.Contains(t, out.String(), "\n| "+name+" |")
	}
}

// TestReader downloads a little beside readers.
func TestReader(t *testing.T) {
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", t.TempDir(), "-only", "reader"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	for _, name := range []string{"shoal", "shoal, read at 10 MiB/s", "shoal, read as fast as it comes"} {
		require.Contains(t, out.String(), "\n| "+name+" |")
	}
}

// TestStream plays a little over a link, with all that is installed here.
func TestStream(t *testing.T) {
	if err := wan.Missing(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	libtorrent, err := rival.Find(dir)
	require.NoError(t, err)
	if libtorrent == nil {
		t.Skip("the seeders are libtorrent: install python3-libtorrent")
	}
	names := []string{"shoal, 1 seeder, 1 MiB", "libtorrent, 1 seeder, 1 MiB", "shoal, 1 seeder, 1 MiB, not read"}
	if _, err := rival.FindWebTorrent(os.Getenv("SHOAL_NPM"), dir); err == nil {
		names = append(names, "webtorrent, 1 seeder, 1 MiB")
	}
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", dir, "-only", "stream", "-of", "1 seeder, 1 MiB"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	for _, name := range names {
		require.Contains(t, out.String(), "\n| "+name+" |")
	}
	left, err := filepath.Glob(filepath.Join(dir, "shoal-bench-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestDisk(t *testing.T) {
	tmp := t.TempDir()
	if err := onDisk(tmp); err != nil {
		t.Skip(err)
	}
	out := new(strings.Builder)
	args := []string{"-quick", "-size", "16M", "-tmp", tmp, "-only", "disk", "-of", "^shoal"}
	require.NoError(t, run(t.Context(), args, out, t.Output()))
	require.Contains(t, out.String(), "\n| shoal |")
	require.Contains(t, out.String(), "\n| shoal, recheck |")
}

func TestMemoryIsNoDisk(t *testing.T) {
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		t.Skip("this system has no folder in memory")
	}
	require.Error(t, onDisk(memory))
}

func TestScenariosHaveTheirNames(t *testing.T) {
	r := &runner{options: options{size: 64 << 20}}
	var got []string
	for _, s := range r.scenarios() {
		got = append(got, s.Name)
		require.NotEmpty(t, s.Title)
		require.NotEmpty(t, s.contenders)
		for _, b := range s.Bounds {
			require.Contains(t, contendersOf(s), b.Of)
			if b.By != "" && b.By != "libtorrent" {
				require.Contains(t, contendersOf(s), b.By)
			}
		}
	}
	require.Equal(t, names, got)
}

func contendersOf(s *scenario) (all []string) {
	for _, c := range s.contenders {
		all = append(all, c.name)
	}
	return all
}

func TestParse(t *testing.T) {
	o, err := parse(nil, io.Discard)
	require.NoError(t, err)
	all := regexp.MustCompile("")
	require.Equal(t, options{size: 2 << 30, rounds: 5, of: all, torrents: 10000, conns: 2000, peers: 100_000, watch: 20 * time.Second, play: 2 * time.Minute}, o)
	o, err = parse([]string{"-quick", "-rounds", "2", "-only", "many,link"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, options{size: 32 << 20, rounds: 2, of: all, torrents: 100, conns: 100, peers: 1000, watch: time.Second, play: time.Second, only: []string{"many", "link"}, quick: true}, o)
	for _, args := range [][]string{
		{"-only", "rain"}, {"-of", "("}, {"-rounds", "0"}, {"-size", "1M"}, {"-size", "17M"}, {"-size", "x"}, {"-size", "9999999999G"}, {"stray"},
	} {
		_, err := parse(args, io.Discard)
		require.Error(t, err, args)
	}
}

func TestPlotNeedsReports(t *testing.T) {
	dir := t.TempDir()
	text, empty := filepath.Join(dir, "text"), filepath.Join(dir, "empty.json")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o666))
	require.NoError(t, os.WriteFile(empty, []byte("{}"), 0o666))
	for file, want := range map[string]string{filepath.Join(dir, "nothing"): "no such file", text: "is not a bench.json", empty: "no scenario"} {
		require.ErrorContains(t, run(t.Context(), []string{"-plot", file}, io.Discard, t.Output()), want)
	}
}

func TestNoSpace(t *testing.T) {
	if _, ok := freeSpace(t.TempDir()); !ok {
		t.Skip("this system does not say how much space is free")
	}
	_, err := openRunner(options{size: 1 << 50, tmp: t.TempDir()}, io.Discard)
	require.ErrorContains(t, err, "MiB free")
}
