package dht

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
)

const (
	// RepublishEvery is after how long an item should be stored again. Nodes forget it
	// after 2 hours (https://www.bittorrent.org/beps/bep_0044.html, "Expiration").
	RepublishEvery = time.Hour

	retryPut = time.Minute // after a Put that no node took
)

// Republish stores an item as Put does, and again every hour until ctx is done or the loop
// ends. It yields the result of each Put: to how many nodes, or why to none. A Put that
// failed is repeated after a minute, unless it cannot succeed: after ErrClosed, after an item
// that is not valid, and after a *krpc.Error that says that another version was stored,
// Republish ends. cas counts for the first Put that succeeds.
func (n *Node) Republish(ctx context.Context, i item.Item, cas *int64) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		err := i.Check()
		if err != nil {
			yield(0, err)
			return
		}
		for ctx.Err() == nil {
			stored, err := n.Put(ctx, i, cas)
			if ctx.Err() != nil || !yield(stored, err) || isFinal(err) {
				return
			}
			wait := retryPut
			if stored > 0 {
				wait, cas = RepublishEvery, nil
			}
			if !n.sleep(ctx, wait) {
				return
			}
		}
	}
}

// isFinal reports whether the same Put will fail again.
func isFinal(err error) bool {
	var refused *krpc.Error
	if errors.As(err, &refused) {
		return refused.Code == krpc.SeqTooLow || refused.Code == krpc.CasMismatch
	}
	return errors.Is(err, ErrClosed)
}

// sleep waits, and reports false if ctx or the node ends before.
func (n *Node) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-n.context.Done():
	}
	return false
}
