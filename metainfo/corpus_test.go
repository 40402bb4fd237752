package metainfo_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/internal/sample"
	"github.com/stretchr/testify/require"
)

// An oracle is what libtorrent 2.0.8 reads from a torrent.
type oracle struct {
	Error       string
	Name        string
	TotalSize   int64 `json:"total_size"`
	PieceLength int64 `json:"piece_length"`
	NumPieces   int   `json:"num_pieces"`
	NumFiles    int   `json:"num_files"`
	Private     bool
	V1, V2      string
	Files       []struct {
		Path         string
		Size, Offset int64
		Pad          bool
	}
	Trackers [][2]any
}

// readOracle returns the folder of the corpus and what libtorrent reads from it.
func readOracle(t *testing.T) (dir string, m map[string]oracle) {
	dir = os.Getenv("SHOAL_CORPUS")
	if dir == "" {
		t.Skip("SHOAL_CORPUS is not set")
	}
	dir = filepath.Join(dir, "torrents")
	b, err := os.ReadFile(filepath.Join(dir, "libtorrent-2.0.8.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &m))
	return dir, m
}

func TestCorpusValid(t *testing.T) {
	dir, oracles := readOracle(t)
	paths, err := filepath.Glob(filepath.Join(dir, "valid", "*.torrent"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, p := range paths {
		name := filepath.Base(p)
		t.Run(name, func(t *testing.T) {
			want, ok := oracles["valid/"+name]
			require.True(t, ok)
			tor, err := metainfo.ReadFile(p)
			require.NoError(t, err)
			compare(t, want, tor)
			require.NoError(t, sample.CheckPaths(tor.Info))
			requireRoundTrip(t, tor)
		})
	}
}

func compare(t *testing.T, want oracle, tor *metainfo.Torrent) {
	i := tor.Info
	// libtorrent 2.0.8 counts a pad behind the last file of v2-only torrents,
	// which no piece holds; later ones and BEP 52 do not.
	if n := len(want.Files); want.V1 == "" && want.NumFiles == n && want.Files[n-1].Pad {
		want.TotalSize -= want.Files[n-1].Size
		want.Files = want.Files[:n-1]
		want.NumFiles--
	}
	require.Equal(t, want.TotalSize, i.Length)
	require.Equal(t, want.PieceLength, i.PieceLength)
	require.Equal(t, want.NumPieces, i.Pieces())
	require.Equal(t, want.NumPieces, i.Geometry().Pieces())
	require.Equal(t, want.NumFiles, len(i.Entries))
	require.Equal(t, want.Private, i.Private)
	require.Equal(t, want.V1 != "", i.HasV1())
	require.Equal(t, want.V2 != "", i.HasV2())
	if i.HasV1() {
		require.Equal(t, want.V1, hex.EncodeToString(i.HashV1[:]))
		require.Equal(t, want.V1, i.IDs()[0].String())
	}
	if i.HasV2() {
		require.Equal(t, want.V2, hex.EncodeToString(i.HashV2[:]))
		require.Equal(t, want.V2[:40], i.IDs()[len(i.IDs())-1].String())
	}
	// libtorrent cuts a name at 240 bytes and removes backslashes.
	other := len(want.Name) > 240 || slices.ContainsFunc(i.Entries, func(f metainfo.File) bool { return strings.Contains(f.Path, `\`) })
	if !other {
		require.Equal(t, want.Name, i.Name)
	}
	for n, f := range want.Files {
		got := i.Entries[n]
		require.Equal(t, f.Size, got.Length, "file %d", n)
		require.Equal(t, f.Offset, got.Offset, "file %d", n)
		require.Equal(t, f.Pad, got.Pad, "file %d", n)
		if !f.Pad && !other {
			require.Equal(t, f.Path, got.Path, "file %d", n)
		}
	}
	var trackers [][2]any
	for tier, urls := range tor.Tiers {
		for _, u := range urls {
			trackers = append(trackers, [2]any{u, float64(tier)})
		}
	}
	require.ElementsMatch(t, want.Trackers, trackers)
}

func requireRoundTrip(t *testing.T, tor *metainfo.Torrent) {
	t.Helper()
	b, err := tor.Bytes()
	require.NoError(t, err)
	again, err := metainfo.Parse(b)
	require.NoError(t, err)
	require.Equal(t, withoutWarnings(tor), withoutWarnings(again))
	same, err := again.Bytes()
	require.NoError(t, err)
	require.Equal(t, b, same)
}

// faults are the words that the error for each invalid torrent must have.
var faults = map[string]string{
	"bad_name":                             "name",
	"invalid_file_size":                    "length",
	"invalid_info":                         "info",
	"invalid_name":                         "name",
	"invalid_piece_len":                    "piece length",
	"invalid_pieces":                       "pieces",
	"invalid_symlink":                      "length is zero",
	"many_pieces":                          "too many pieces",
	"missing_piece_len":                    "piece length",
	"negative_file_size":                   "length -45 is negative",
	"string":                               "want a dictionary",
	"v2_bad_file_alignment":                "v1 and v2 do not match",
	"v2_deep_recursion":                    "nest too deep",
	"v2_empty_filename":                    "root is a file",
	"v2_invalid_pad_file":                  "pad",
	"v2_large_file":                        "too many pieces",
	"v2_large_offset":                      "too many pieces",
	"v2_mismatching_metadata":              "v1 and v2 do not match",
	"v2_missing_file_root_invalid_symlink": "pieces root",
	"v2_no_power2_piece":                   "piece length",
	"v2_overlong_integer":                  "leading zeros",
	"v2_piece_size":                        "piece length",
	"v2_zero_root_small":                   "pieces root is zero",
	"zero2":                                "length is zero",
}

func TestCorpusInvalid(t *testing.T) {
	dir, _ := readOracle(t)
	paths, err := filepath.Glob(filepath.Join(dir, "invalid", "*.torrent"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, p := range paths {
		name := strings.TrimSuffix(filepath.Base(p), ".torrent")
		t.Run(name, func(t *testing.T) {
			tor, err := metainfo.ReadFile(p)
			if strings.Contains(name, "piece_layer") { // peers have the layers
				require.NoError(t, err)
				require.Equal(t, "piece layers", tor.Warnings[0].Part)
				return
			}
			var invalid *metainfo.InvalidError
			require.ErrorAs(t, err, &invalid)
			t.Log(err)
			require.Contains(t, faults, name)
			require.ErrorContains(t, err, faults[name])
		})
	}
}

// withoutWarnings returns a copy of a torrent without those outside of the info
// dictionary, since what they are about is not written.
func withoutWarnings(tor *metainfo.Torrent) *metainfo.Torrent {
	quiet := *tor
	quiet.Warnings = nil
	return &quiet
}
