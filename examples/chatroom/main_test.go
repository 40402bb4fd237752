package main

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), nil, &out, nil))
	require.Equal(t, "Bob is here\nAnn is here\nBob: good evening\n", out.String())
	require.ErrorContains(t, run(t.Context(), nil, &out, []string{"room"}), "give the name of a room")
	require.Error(t, run(t.Context(), nil, &out, []string{"-port", "1", "room", "Ann"}))
	require.ErrorContains(t, run(t.Context(), nil, &out, []string{"-node", "router", "room", "Ann"}), "missing port in address")
	out.Reset()
	require.NoError(t, run(t.Context(), nil, &out, []string{"-help"}))
	require.Equal(t, "Usage: chatroom [-node HOST:PORT]... ROOM NAME\n", out.String())
	in, _ := io.Pipe()
	require.ErrorContains(t, run(t.Context(), in, &out, []string{"-node", "127.0.0.1:9", "room", "\x1b\n"}), "is not a name")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, run(ctx, in, &out, []string{"-node", "127.0.0.1:9", "room", "Ann"}))
}

// newRoom returns a room without a network.
func newRoom(id string) *room {
	return &room{me: greeting{id: id, name: "Ann"}, members: make(map[string]*member), conns: make(map[netip.Addr]int)}
}

// Two members who dial each other keep the same one of their two connections.
func TestBothDial(t *testing.T) {
	for _, order := range [][2]bool{{true, false}, {false, true}} {
		kept := make(map[string]bool) // dialed by the lower id
		for _, side := range []struct{ me, other string }{{"01", "02"}, {"02", "01"}} {
			r := newRoom(side.me)
			var last *member
			for n, dialed := range order {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				m := &member{greeting: greeting{id: side.other}, dialed: dialed, conn: ours, out: make(chan string)}
				isAdded, isNew := r.add(m)
				require.Equal(t, n == 0, isNew)
				if isAdded {
					last = m
				}
			}
			require.Same(t, last, r.members[side.other])
			kept[side.me] = last.dialed == (side.me == "01")
		}
		require.Equal(t, map[string]bool{"01": true, "02": true}, kept)
	}
	r := newRoom("01")
	isAdded, _ := r.add(&member{greeting: greeting{id: "01"}})
	require.False(t, isAdded, "ourselves")
}

// One machine gets some of the places, and all together no more than there are.
func TestPlaces(t *testing.T) {
	r := newRoom("01")
	network := func(n int) netip.Addr { return networkOf(&net.TCPAddr{IP: net.IPv4(192, 0, 2, byte(n))}) }
	for range maxOfNetwork {
		require.True(t, r.reserve(network(1), 1))
	}
	require.False(t, r.reserve(network(1), 1))
	places := maxOfNetwork
	for n := 2; r.reserve(network(n), 1); n++ {
		places++
	}
	require.Equal(t, maxConns, places)
	for range maxOfNetwork {
		r.reserve(network(1), -1)
	}
	require.NotContains(t, r.conns, network(1))
	require.True(t, r.reserve(network(99), 1))
	require.Equal(t, netip.MustParseAddr("2001:db8::"), networkOf(&net.TCPAddr{IP: net.ParseIP("2001:db8::7")}))
}

// talk runs a member on one end of a pipe, and returns the other end and what is heard.
func talk(t *testing.T) (peer net.Conn, heard *[]string, ended chan struct{}) {
	ours, theirs := net.Pipe()
	heard, ended = new([]string), make(chan struct{})
	m := &member{conn: ours, lines: newScanner(ours), out: make(chan string, maxQueue)}
	go m.write()
	go func() {
		defer close(ended)
		m.read(func(text string) { *heard = append(*heard, text) })
		m.close()
	}()
	return theirs, heard, ended
}

// A member is heard as plain text, and left if it says too much, too fast, or nothing.
func TestTalk(t *testing.T) {
	for name, test := range map[string]struct {
		said string
		want []string
	}{
		"plain":   {"hello\n\n  \x1b[31mred\u202e \xff\n", []string{"hello", "[31mred"}},
		"long":    {strings.Repeat("x", maxLine+10), nil},
		"fast":    {strings.Repeat("x\n", 1000), nil},
		"nothing": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				peer, heard, ended := talk(t)
				go io.Copy(io.Discard, peer)
				go io.WriteString(peer, test.said)
				<-ended
				peer.Close()
				if name == "fast" {
					require.Len(t, *heard, maxRate)
					return
				}
				require.Equal(t, test.want, *heard)
			})
		})
	}
}

// A member that reads nothing is left, and holds nobody else up.
func TestMemberReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		m := &member{conn: ours, lines: newScanner(ours), out: make(chan string, maxQueue)}
		go m.write()
		began := time.Now()
		for range 2 * maxQueue {
			m.queue("hello")
		}
		m.read(func(string) {})
		require.LessOrEqual(t, time.Since(began), sendLimit)
		m.close()
		m.queue("late")
	})
}

func TestGreeting(t *testing.T) {
	g := greeting{swarm.ID{1, 2}, "0123456789abcdef", "Ann of Ulm"}
	read, err := parseGreeting(strings.TrimSuffix(g.String(), "\n"))
	require.NoError(t, err)
	require.Equal(t, g, read)
	hash := swarm.ID{1}.String()
	for _, line := range []string{"", "chat", "chat " + hash + " 01 Ann", "chat " + hash + " 0123456789abcdef \x1b", "chat x 0123456789abcdef Ann", "talk " + hash + " 0123456789abcdef Ann", "chat " + hash + " 0123456789abcdef " + strings.Repeat("x", maxName+1)} {
		_, err := parseGreeting(line)
		require.Error(t, err, line)
	}
}

// Strangers and members of other rooms are left.
func TestGreet(t *testing.T) {
	me := greeting{swarm.ID{1}, "0123456789abcdef", "Ann"}
	for said, fault := range map[string]string{
		greeting{swarm.ID{1}, "1123456789abcdef", "Bob"}.String(): "",
		greeting{swarm.ID{2}, "1123456789abcdef", "Bob"}.String(): "in another room",
		"\x13BitTorrent protocol" + strings.Repeat("\x00", 48):    "no greeting",
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			go io.Copy(io.Discard, theirs)
			go func() {
				io.WriteString(theirs, said)
				if fault != "" {
					theirs.Close()
				}
			}()
			m, err := greet(ours, me, true)
			if fault != "" {
				require.ErrorContains(t, err, fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "Bob", m.name)
			theirs.Close()
		})
	}
}

// FuzzParseGreeting reads greetings of strangers, and reads what it understood again.
func FuzzParseGreeting(f *testing.F) {
	f.Add(strings.TrimSpace(greeting{swarm.ID{1}, "0123456789abcdef", "Ann"}.String()))
	f.Add("chat 00 00 \x1b[0m")
	f.Fuzz(func(t *testing.T, line string) {
		g, err := parseGreeting(line)
		if err != nil {
			return
		}
		again, err := parseGreeting(strings.TrimSuffix(g.String(), "\n"))
		if err != nil || again != g || clean(g.name) != g.name {
			t.Fatalf("%q reads as %+v, and then as %+v, %v", line, g, again, err)
		}
	})
}
