package memory

import "github.com/shoal-bt/shoal/protocol/budget"

// A Memory is what blocks may take of it, over all torrents of an engine.
type Memory struct {
	Blocks  *budget.Budget  // between network and disk
	Uploads *budget.Uploads // on their way to peers
}

// New returns a Memory with these numbers of bytes.
func New(blocks, uploads int64) *Memory {
	return &Memory{Blocks: budget.New(blocks), Uploads: budget.NewUploads(uploads)}
}

// TakeUpload returns a buffer as budget.Uploads.Take does, and waits for least bytes if there is
// none. It gives up, and reports false, when closed is closed.
func (m *Memory) TakeUpload(share *budget.Share, least, want int, closed <-chan struct{}) (budget.Buffer, bool) {
	b, ok := m.Uploads.Take(share, least, want)
	if ok {
		return b, true
	}
	granted := make(chan struct{})
	w := m.Uploads.Wait(share, least, func() { close(granted) })
	select {
	case <-granted:
		return m.Uploads.Claim(w), true
	case <-closed:
		m.Uploads.Cancel(w)
		return budget.Buffer{}, false
	}
}
