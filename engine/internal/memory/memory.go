package memory

import "github.com/shoal-bt/shoal/protocol/budget"

// A Memory is what blocks may take of it, over all torrents of an engine.
type Memory struct {
	Blocks  *budget.Budget // between network and disk
	Uploads *Uploads       // on their way to peers
}

// New returns a Memory with these numbers of bytes.
func New(blocks, uploads int64) *Memory {
	return &Memory{Blocks: budget.New(blocks), Uploads: NewUploads(uploads)}
}
