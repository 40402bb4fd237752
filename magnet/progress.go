package magnet

import (
	"fmt"

	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/protocol/report"
)

// A Progress is how far a fetch is.
type Progress struct {
	fetch.Progress
	Addresses int  // that are known
	Ends      Ends // of connections
}

// Ends counts the connections that ended, by report.End.
type Ends [report.EndStopped + 1]int

// String returns the progress for users, such as "fetching metadata from 3 peers, 2 of 5
// pieces".
func (p Progress) String() string {
	peers := fmt.Sprintf("%d peers", p.Peers)
	if p.Peers == 1 {
		peers = "1 peer"
	}
	switch {
	case p.Refused > 0:
		return fmt.Sprintf("fetching metadata: %s, all sizes above the limit, such as %d bytes", peers, p.Refused)
	case p.Total > 0:
		return fmt.Sprintf("fetching metadata from %s, %d of %d pieces", peers, p.Pieces, p.Total)
	case p.Peers > 0:
		return fmt.Sprintf("fetching metadata, connected to %s", peers)
	}
	return "fetching metadata, looking for peers"
}

// publish makes the progress known if it has changed.
func (r *run) publish() {
	p := Progress{Progress: r.state.Progress(), Addresses: len(r.known), Ends: r.ends}
	r.mu.Lock()
	hasChanged := p != r.progress
	r.progress = p
	r.mu.Unlock()
	if hasChanged {
		r.options.OnProgress(p)
	}
}
