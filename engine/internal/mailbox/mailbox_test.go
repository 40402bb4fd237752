package mailbox

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// turn is a Runner that is one function.
type turn[T any] func([]T) bool

func (f turn[T]) Turn(batch []T) bool { return f(batch) }

func TestItemsComeInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mailbox[int, turn[int]]
		var got [][]int
		m.Init(func(batch []int) bool {
			got = append(got, append([]int(nil), batch...))
			time.Sleep(time.Second)
			return false
		})
		m.TryPost(1)
		synctest.Wait()
		m.Post(2)
		m.Post(3)
		time.Sleep(5 * time.Second)
		m.Post(4)
		m.Wait()
		require.Equal(t, [][]int{{1}, {2, 3}, {4}}, got)
		require.False(t, m.running)
	})
}

func TestIdleMailboxKeepsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mailbox[*int, turn[*int]]
		idle := false
		m.Init(func([]*int) bool { return idle })
		m.Post(new(int))
		m.Wait()
		require.NotNil(t, m.items, "the next batch may come soon")
		require.Nil(t, m.items.waiting[:1][0], "its items are forgotten")
		idle = true
		m.Post(new(int))
		m.Wait()
		require.Nil(t, m.items)
	})
}

func TestCloseLetsTasksPostOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mailbox[string, turn[string]]
		var got []string
		m.Init(func(batch []string) bool { got = append(got, batch...); return true })
		before := m.Context()
		require.True(t, m.BeginTask())
		require.NoError(t, before.Err())
		m.Close("close", "figures")
		require.Error(t, before.Err())
		require.Error(t, m.Context().Err())
		require.True(t, m.Closing())
		require.False(t, m.BeginTask())
		require.False(t, m.TryPost("late"))
		time.AfterFunc(time.Minute, func() {
			m.AddTask()
			m.Post("answer")
			m.EndTask()
			m.EndTask()
		})
		begin := time.Now()
		m.Wait()
		require.Equal(t, time.Minute, time.Since(begin))
		require.Equal(t, []string{"close", "figures", "answer"}, got)
	})
}

func TestContextAfterClose(t *testing.T) {
	var m Mailbox[int, turn[int]]
	m.Init(func([]int) bool { return true })
	m.Close()
	require.Error(t, m.Context().Err())
}
