package extension

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/stretchr/testify/require"
)

// A peer that uses one number for several extensions, or swaps numbers midway, confuses nobody
// but itself: its messages have our numbers.
func TestNumbersOfAPeer(t *testing.T) {
	r := NewRegistry(Torrent{}, makers("a", "b"), nil)
	a, b := r.all[0].(*named), r.all[1].(*named)
	var c Connection
	opened := 0
	greet := func(m peerwire.Extensions) {
		c.Hello(time.Time{}, r, &peerwire.ExtendedHandshake{M: m}, func(int) Conn { opened++; return nil })
	}
	send := func(number uint8) {
		known, err := c.Message(time.Time{}, number, nil)
		require.True(t, known)
		require.NoError(t, err)
	}
	greet(peerwire.Extensions{"a": 7, "b": 7, peerwire.DontHaveName: 7})
	require.Equal(t, []uint8{7, 7, 7}, []uint8{c.NumberOf(r, "a"), c.NumberOf(r, "b"), c.DontHave})
	send(first)
	require.Equal(t, []int{1, 0}, []int{a.got, b.got})

	greet(peerwire.Extensions{"a": 8, "b": 9})
	greet(peerwire.Extensions{"a": 9, "b": 8})
	require.Equal(t, []uint8{9, 8}, []uint8{c.NumberOf(r, "a"), c.NumberOf(r, "b")})
	send(first + 1)
	require.Equal(t, []int{1, 1}, []int{a.got, b.got})
	require.Equal(t, 2, opened, "each once")
}

// A peer with all the extensions there can be costs no more than one with ours.
func TestManyExtensionsOfAPeer(t *testing.T) {
	r := NewRegistry(Torrent{}, makers("e9"), nil)
	all := make(peerwire.Extensions)
	for i := range 255 {
		all[fmt.Sprint("e", i)] = uint8(i + 1)
	}
	var c Connection
	opened := 0
	c.Hello(time.Time{}, r, &peerwire.ExtendedHandshake{M: all}, func(int) Conn { opened++; return nil })
	require.Equal(t, 1, opened)
	require.Len(t, c.parts, 1)
	require.EqualValues(t, 10, c.NumberOf(r, "e9"))
	for number := range 256 {
		known, err := c.Message(time.Time{}, uint8(number), nil)
		require.NoError(t, err)
		require.Equal(t, number == first, known)
	}
}
