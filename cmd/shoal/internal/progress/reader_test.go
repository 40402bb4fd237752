package progress

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// What is buffered ahead of the one who reads fastest is shown beside the share.
func TestBuffered(t *testing.T) {
	v := half(100)
	reader := func(offset, buffered int64, rate float64) Reader {
		return Reader{client.ReaderStats{Offset: offset, Buffered: buffered, Ahead: 8 << 20, Rate: rate}, "film.mkv", 100 << 20}
	}
	for _, test := range []struct {
		readers []Reader
		want    string
	}{
		{nil, "50.0%  down 4.0 MiB/s"},
		{[]Reader{reader(0, 20<<20, 2<<20)}, "50.0%  buffered 20.0 MiB (0:10)  down 4.0 MiB/s"},
		{[]Reader{reader(90<<20, 1<<20, 0), reader(0, 0, 1<<20), reader(0, 5, 10)}, "50.0%  buffered 0 B (0:00)  down 4.0 MiB/s"},
		{[]Reader{reader(0, 20<<20, 0)}, "50.0%  buffered 20.0 MiB  down 4.0 MiB/s"},
		{[]Reader{reader(60<<20, 40<<20, 1<<20)}, "50.0%  buffered to the end  down 4.0 MiB/s"},
	} {
		v.Readers = test.readers
		lines := v.multiLine(terminal.Style{}, 200, mapRows)
		require.Contains(t, lines[len(lines)-1], test.want)
		require.Len(t, v.Object("").Readers, len(test.readers))
	}
	v.Readers = []Reader{reader(5, 20<<20, 2<<20)}
	require.Equal(t, []ReaderObject{{"film.mkv", 5, 20 << 20, 8 << 20, 2 << 20}}, v.Object("").Readers)
	v.Done, v.Stats.Left, v.Stats.WantedLeft, v.Stats.Held, v.Stats.WantedHeld = true, 0, 0, 100, 100
	require.Contains(t, v.Text(), "seeding, buffered 20.0 MiB (0:10)")
}
