package memory

import (
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/stretchr/testify/require"
)

// Who finds no upload memory waits until some comes back, or until its connection is closed.
func TestTakeUploadWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(1<<20, 0) // room for one large buffer
		const size = budget.MaxPayload + budget.FewMessages
		var a, b budget.Share
		closed := make(chan struct{})
		first, ok := m.TakeUpload(&a, size, size, closed)
		require.True(t, ok)
		got := make(chan budget.Buffer, 1)
		go func() {
			buf, _ := m.TakeUpload(&b, size, size, closed)
			got <- buf
		}()
		synctest.Wait()
		require.True(t, m.Uploads.Wanted())
		gone := make(chan struct{})
		close(gone)
		_, ok = m.TakeUpload(&a, size, size, gone)
		require.False(t, ok, "a connection that is closed does not wait")
		m.Uploads.Put(first)
		second := <-got
		require.Len(t, second.Bytes, size)
		m.Uploads.Put(second)
		require.Zero(t, m.Uploads.InUse())
		require.False(t, m.Uploads.Wanted())
	})
}
