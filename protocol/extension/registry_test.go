package extension

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// named is an extension that takes part in every connection and counts its messages.
type named struct {
	name string
	got  int
}

func (n *named) Name() string                                              { return n.name }
func (n *named) Hello(*peerwire.ExtendedHandshake)                         {}
func (n *named) Open(time.Time, Conn, *peerwire.ExtendedHandshake) Session { return session{n} }

type session struct{ *named }

func (s session) Hello(time.Time, *peerwire.ExtendedHandshake) {}
func (s session) Tick(time.Time)                               {}
func (s session) Close()                                       {}
func (s session) Message(time.Time, []byte) error {
	s.got++
	return nil
}

func makers(names ...string) (all []Maker) {
	for _, name := range names {
		all = append(all, func(Torrent) Extension { return &named{name: name} })
	}
	return all
}

func TestRegistryLeavesOut(t *testing.T) {
	long := strings.Repeat("x", 65)
	r := NewRegistry(Torrent{}, makers("a", "", long, "a", "lt_donthave", long[1:], "b"), nil)
	var h peerwire.ExtendedHandshake
	r.Hello(&h)
	require.Equal(t, peerwire.Extensions{"lt_donthave": 1, "a": 2, long[1:]: 3, "b": 4}, h.M)

	none := func(Torrent) Extension { return nil }
	r = NewRegistry(Torrent{}, append([]Maker{none}, makers("a")...), nil)
	r.Hello(&h)
	require.Equal(t, peerwire.Extensions{"lt_donthave": 1, "a": 2}, h.M)

	r = nil
	r.Hello(&h)
	require.Equal(t, peerwire.Extensions{"lt_donthave": 1}, h.M)
	require.Zero(t, r.Len())
}

// All numbers of a byte can be in use, and none beyond.
func TestRegistryIsFull(t *testing.T) {
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprint("e", i))
	}
	r := NewRegistry(Torrent{}, makers(names...), nil)
	require.Equal(t, 254, r.Len())
	var ours peerwire.ExtendedHandshake
	r.Hello(&ours)
	require.Len(t, ours.M, 255)

	var c Connection
	c.Hello(time.Time{}, r, &ours, func(int) Conn { return nil })
	for i := range 256 {
		known, err := c.Message(time.Time{}, uint8(i), nil)
		require.NoError(t, err)
		require.Equal(t, i >= first, known, i)
	}
	for _, e := range r.all {
		require.Equal(t, 1, e.(*named).got)
	}
	require.EqualValues(t, 255, c.NumberOf(r, "e253"))
	require.Zero(t, c.NumberOf(r, "e254"))
}

// A message from outside goes under the name of its extension.
func TestSay(t *testing.T) {
	var said []string
	var torrents []Torrent
	remember := func(name string) Maker {
		return func(t Torrent) Extension {
			torrents = append(torrents, t)
			return &named{name: name}
		}
	}
	NewRegistry(Torrent{}, []Maker{remember("a"), remember("b")}, func(p swarm.Peer, name string, body []byte) {
		said = append(said, fmt.Sprintf("%d %s %s", p, name, body))
	})
	torrents[0].Say(1, []byte("x"))
	torrents[1].Say(2, []byte("y"))
	require.Equal(t, []string{"1 a x", "2 b y"}, said)
}
