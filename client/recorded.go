package client

import (
	"github.com/shoal-bt/shoal/client/internal/recall"
	"github.com/shoal-bt/shoal/metainfo"
)

// A Recorded is what a client remembers of a torrent's files: which are wanted, and how to open them.
type Recorded = recall.Recorded

// Recorded returns what the clients with the State of c remember of a torrent in dir. It reads no
// more than the record, takes no lock and makes nothing, so the torrent may be in use. A record
// that is missing or damaged remembers nothing. The error is that of reading it. It may be called
// concurrently.
func (c Config) Recorded(info *metainfo.Info, dir string) (Recorded, error) {
	if c.State == Off {
		return Recorded{}, nil
	}
	return recall.Read(c.State, dir, info)
}
