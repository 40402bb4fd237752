package engine

// mostCalls is the number of calls of one Storage under way at once. A goroutine
// that is blocked in a file call holds a thread.
const mostCalls = 8

// disk bounds the calls of one Storage.
type disk chan struct{}

func newDisk() disk { return make(disk, mostCalls) }

// enter waits for its turn; it gives up, and reports false, when closed is.
func (d disk) enter(closed <-chan struct{}) bool {
	select {
	case d <- struct{}{}:
		return true
	default:
	}
	select {
	case d <- struct{}{}:
		return true
	case <-closed:
		return false
	}
}

func (d disk) leave() { <-d }
