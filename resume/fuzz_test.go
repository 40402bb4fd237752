package resume

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bencode"
)

// sealed adds the checksum to the bytes of a record.
func sealed(record []byte) []byte {
	sum := sha256.Sum256(record)
	b := append([]byte("d6:record"), record...)
	b = append(b, "6:sha256"...)
	b = bencode.AppendBytes(b, sum[:])
	return append(b, 'e')
}

// FuzzLoad loads any bytes, with and without the right checksum. A record that is
// accepted means the same after it was saved again.
func FuzzLoad(f *testing.F) {
	f.Add(encode(full()))
	f.Add(appendRecord(nil, full()))
	f.Add(appendRecord(nil, Record{PieceLength: 1}))
	f.Add([]byte("de"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decode(b)
		r, err := decode(sealed(b))
		if err != nil {
			return
		}
		again, err := decode(encode(r))
		require.NoError(t, err)
		require.Equal(t, encode(r), encode(again))
	})
}
