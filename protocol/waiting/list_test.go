package waiting

import (
	"errors"
	"testing"

	"github.com/shoal-bt/shoal/protocol/effect"
	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	var l List
	l.Add(1, 7)
	l.Add(2, -1)
	l.Add(3, 7)
	l.Add(4, 8)
	l.Forget(3)
	failed := errors.New("failed")
	answers := l.Take(func(piece int) (bool, error) {
		if piece < 0 {
			return true, failed
		}
		return piece == 7, nil
	})
	require.Equal(t, []effect.Answer{{Ticket: 1}, {Ticket: 2, Err: failed}}, answers)
	require.Equal(t, List{{4, 8}}, l)
	require.Empty(t, l.Take(func(int) (bool, error) { return false, nil }))
}
