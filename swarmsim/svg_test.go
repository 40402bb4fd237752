package swarmsim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDrawCompletion: the picture is well-formed, and each curve is in it.
func TestDrawCompletion(t *testing.T) {
	whole := run(t, newSim(1, 5, 10, nil))
	s := newSim(1, 5, 10, nil)
	s.Peers[0].Leave, s.Limit = 1, 1e9
	for name, curves := range map[string][]Curve{
		"none": nil,
		"two":  {{"<one> & only", whole}, {"nobody completes", run(t, s)}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, DrawCompletion(&b, "Title", curves...))
			for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
				_, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
			}
			require.Equal(t, len(curves), strings.Count(b.String(), `fill="none"`))
			if len(curves) > 0 {
				require.Contains(t, b.String(), "&lt;one&gt; &amp; only")
				require.Contains(t, b.String(), ">bound<")
			}
		})
	}
	require.ErrorIs(t, DrawCompletion(failingWriter{}, ""), io.ErrShortWrite)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
