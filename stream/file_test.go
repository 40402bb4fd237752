package stream

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRanges asks for parts of a file.
func TestRanges(t *testing.T) {
	const size = 1 << 20
	whole := bytesOf(1, 0, size)
	many := "bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", 10_000), ",")
	for _, test := range []struct {
		name    string
		headers []string
		status  int
		want    string
		ranges  string // Content-Range
	}{
		{"all", nil, 200, whole, ""},
		{"the beginning", []string{"Range", "bytes=0-9"}, 206, whole[:10], "bytes 0-9/1048576"},
		{"from the middle", []string{"Range", "bytes=524288-"}, 206, whole[524288:], "bytes 524288-1048575/1048576"},
		{"the end", []string{"Range", "bytes=-5"}, 206, whole[size-5:], "bytes 1048571-1048575/1048576"},
		{"over the end", []string{"Range", "bytes=1048570-9999999"}, 206, whole[size-6:], "bytes 1048570-1048575/1048576"},
		{"a unit in capitals", []string{"Range", "BYTES=1-2"}, 206, whole[1:3], "bytes 1-2/1048576"},
		{"past the end", []string{"Range", "bytes=1048576-"}, 416, "", "bytes */1048576"},
		{"backwards", []string{"Range", "bytes=9-3"}, 416, "", ""},
		{"the last 0 bytes", []string{"Range", "bytes=-0"}, 416, "", "bytes */1048576"},
		{"the last 0 bytes and a good one", []string{"Range", "bytes=-00, 3-4"}, 206, whole[3:5], "bytes 3-4/1048576"},
		{"empty", []string{"Range", "bytes=-"}, 416, "", ""},
		{"no range", []string{"Range", "bytes="}, 200, whole, ""},
		{"no number", []string{"Range", "bytes=a-b"}, 416, "", ""},
		{"negative", []string{"Range", "bytes=--1"}, 416, "", ""},
		{"too large", []string{"Range", "bytes=99999999999999999999-"}, 416, "", ""},
		{"an unknown unit", []string{"Range", "pieces=0-1"}, 200, whole, ""},
		{"10,000 ranges", []string{"Range", many}, 200, whole, ""},
		{"more in sum than the file", []string{"Range", "bytes=0-,0-"}, 200, whole, ""},
		{"the same file", []string{"Range", "bytes=0-9", "If-Range", `"abc"`}, 206, whole[:10], "bytes 0-9/1048576"},
		{"another file", []string{"Range", "bytes=0-9", "If-Range", `"abd"`}, 200, whole, ""},
		{"not changed", []string{"If-None-Match", `"abc"`}, 304, "", ""},
		{"not this one", []string{"If-Match", `"abd"`}, 412, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(File{Path: "a"}, File{Path: "b", Length: size, ETag: `"abc"`})
			h := newHandler(t, Config{}, f)
			r := request(t, h, "GET", fileNumber(1), test.headers...)
			require.Equal(t, test.status, r.StatusCode)
			require.Equal(t, test.ranges, r.Header.Get("Content-Range"))
			got := body(t, r)
			if test.status < 300 {
				require.Equal(t, test.want, got)
				require.Equal(t, strconv.Itoa(len(test.want)), r.Header.Get("Content-Length"))
				require.Equal(t, "bytes", r.Header.Get("Accept-Ranges"))
				require.Equal(t, `"abc"`, r.Header.Get("ETag"))
			}
			open, opened := f.count()
			require.Zero(t, open)
			require.Equal(t, test.status < 300, opened > 0, "only what is sent is read")
		})
	}
}

// TestSeveralRanges asks for twenty ranges in one request, and for one more.
func TestSeveralRanges(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a", Length: 1 << 20}))
	twenty := "bytes=5-6" + strings.Repeat(", 7-8", 19)
	r := request(t, h, "GET", fileNumber(0), "Range", twenty)
	require.Equal(t, http.StatusPartialContent, r.StatusCode)
	require.Contains(t, r.Header.Get("Content-Type"), "multipart/byteranges")
	require.Equal(t, 20, strings.Count(body(t, r), "Content-Range: bytes "))
	r = request(t, h, "GET", fileNumber(0), "Range", twenty+",9-9")
	require.Equal(t, http.StatusOK, r.StatusCode)
}

// TestHead checks that HEAD reads nothing, whatever its headers are.
func TestHead(t *testing.T) {
	f := newFake(File{Path: "a", Length: 1 << 40})
	h := newHandler(t, Config{}, f)
	for _, ranges := range []string{"", "bytes=0-9", "bytes=0-9,20-29", "bytes=5-1"} {
		r := request(t, h, "HEAD", fileNumber(0), "Range", ranges)
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.Equal(t, strconv.FormatInt(1<<40, 10), r.Header.Get("Content-Length"))
		require.Empty(t, body(t, r))
	}
	_, opened := f.count()
	require.Zero(t, opened)
}

func TestEmptyFile(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a"}))
	for _, ranges := range []string{"", "bytes=0-", "bytes=-1", "bytes=0-0"} {
		r := request(t, h, "GET", fileNumber(0), "Range", ranges)
		require.Less(t, r.StatusCode, 300, ranges)
		require.Empty(t, body(t, r))
	}
}
