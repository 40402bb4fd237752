package content

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
)

// ManyPieces and ManyPieceLength are the size of each of many torrents.
const (
	ManyPieces      = 100
	ManyPieceLength = 16 << 10 // bytes
)

// zeros is the hash of a piece of zeros.
var zeros = sha1.Sum(make([]byte, ManyPieceLength))

// Many makes n torrents in folder torrents, and their files in folder data: all of
// the same zeros, which take no room on most file systems.
func Many(torrents, data string, n int, announce string) error {
	if err := os.MkdirAll(torrents, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	const length = ManyPieces * ManyPieceLength
	hashes := make([][20]byte, ManyPieces)
	for i := range hashes {
		hashes[i] = zeros
	}
	for i := range n {
		name := fmt.Sprintf("%06d.bin", i)
		f, err := os.Create(filepath.Join(data, name))
		if err != nil {
			return err
		}
		err = f.Truncate(length)
		f.Close()
		if err != nil {
			return err
		}
		info := Info{Name: name, Length: length, PieceLength: ManyPieceLength, Hashes: hashes, Announce: announce}
		if err := info.Write(filepath.Join(torrents, name+".torrent")); err != nil {
			return err
		}
	}
	return nil
}
