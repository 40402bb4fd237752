package pex

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A link is an extension.Conn that notes what is sent and what is found.
type link struct {
	addr    netip.AddrPort
	peers   []swarm.Address
	off     bool // the peer takes no messages
	sent    []peerwire.PEX
	found   []swarm.Address
	ignored int
}

func (l *link) Peer() swarm.Peer             { return 1 }
func (l *link) Swarm() swarm.ID              { return swarm.ID{} }
func (l *link) Addr() netip.AddrPort         { return l.addr }
func (l *link) Outgoing() bool               { return false }
func (l *link) Found(a ...swarm.Address)     { l.found = append(l.found, a...) }
func (l *link) CountUpload(int)              {}
func (l *link) SendLater(func() []byte) bool { return false }
func (l *link) CountIgnored(n int)           { l.ignored += n }
func (l *link) Peers(yield func(swarm.Address) bool) {
	for _, a := range l.peers {
		if !yield(a) {
			return
		}
	}
}
func (l *link) Send(body []byte) bool {
	if l.off {
		return false
	}
	m, err := peerwire.ParsePEX(body)
	if err != nil {
		panic(err)
	}
	l.sent = append(l.sent, m)
	return true
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestExchange runs a script for each rule of what a peer is told. A line is a command:
//
//	at 2s           the time since the handshake, and a Tick; what is sent follows the arrow
//	peers A B       who is connected; flags follow a slash
//	off, on         whether the peer takes messages
//
// Address 1 stands for 20.0.0.1:6881, and 1:7 for port 7 of it.
func TestExchange(t *testing.T) {
	for _, test := range []struct{ name, from, script string }{
		{"who is there is told soon, and who comes and goes each minute", "198.51.100.1:1", `
			peers 1 2
			at 1s
			at 2s -> +1 +2
			peers 1 3
			at 30s
			at 61s
			at 62s -> +3 -2
			peers
			at 123s -> -1 -3
			at 200s`},
		{"nothing is said while there is nothing to say", "198.51.100.1:1", `
			at 2s
			at 100s
			peers 1
			at 105s -> +1
			at 165s
			peers 1 2
			at 175s
			at 180s -> +2`},
		{"who came and went meanwhile is not told", "198.51.100.1:1", `
			peers 1
			at 2s -> +1
			peers 1 2
			at 10s
			peers 1
			at 70s`},
		{"one port for each address, and no flapping between two", "198.51.100.1:1", `
			peers 1 1:7
			at 2s -> +1
			peers 1:7 1
			at 62s
			peers 1:7
			at 80s -> -1
			at 140s -> +1:7`},
		{"flags", "198.51.100.1:1", `
			peers 1/0x1f 2/0x02
			at 2s -> +1/0x1f +2/0x2`},
		{"both families, IPv4 in whatever form", "198.51.100.1:1", `
			peers [2001:db8::1]:5 [::ffff:20.0.0.2]:6881
			at 2s -> +2 +[2001:db8::1]:5
			peers
			at 62s -> -2 -[2001:db8::1]:5`},
		{"a peer that turned the messages off is told later", "198.51.100.1:1", `
			peers 1
			off
			at 2s
			peers 1 2
			at 80s
			on
			at 85s -> +1 +2`},
		{"a public peer is told of public ones", "198.51.100.1:1", `
			peers 1 192.168.0.1:1 127.0.0.1:1 10.0.0.1:1 169.254.0.1:1 [fe80::1]:1 [fe80::1%eth0]:1 [fd00::1]:1 [::1]:1
			at 2s -> +1`},
		{"a local peer is told of local and public ones", "192.168.0.9:1", `
			peers 1 192.168.0.1:1 127.0.0.1:1 169.254.0.1:1 [fd00::1]:1
			at 2s -> +1 +192.168.0.1:1 +[fd00::1]:1`},
		{"addresses with a zone are not told", "[fe80::9%eth0]:1", `
			peers [fe80::1%eth0]:1 [fe80::2]:1
			at 2s -> +[fe80::2]:1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &link{addr: netip.MustParseAddrPort(test.from)}
			s := New(extension.Torrent{}).Open(start, l, nil)
			for line := range strings.Lines(test.script) {
				line = strings.TrimSpace(line)
				if line == "" {
					continue
				}
				command, want, _ := strings.Cut(line, " -> ")
				words := strings.Fields(command)
				l.sent = nil
				switch words[0] {
				case "peers":
					l.peers = nil
					for _, w := range words[1:] {
						l.peers = append(l.peers, parse(t, w))
					}
				case "off", "on":
					l.off = words[0] == "off"
				case "at":
					d, err := time.ParseDuration(words[1])
					require.NoError(t, err)
					s.Tick(start.Add(d))
				}
				require.Equal(t, want, show(l.sent), line)
			}
			s.Close()
		})
	}
}

// parse reads an address as it is written in a script.
func parse(t *testing.T, word string) (a swarm.Address) {
	word, flags, _ := strings.Cut(word, "/")
	if flags != "" {
		_, err := fmt.Sscanf(flags, "0x%x", &a.Flags)
		require.NoError(t, err)
	}
	var n, port byte = 0, 0
	if k, _ := fmt.Sscanf(word, "%d:%d", &n, &port); k > 0 && !strings.Contains(word, ".") {
		a.AddrPort = numbered(int(n)).AddrPort
		if k == 2 {
			a.AddrPort = netip.AddrPortFrom(a.Addr(), uint16(port))
		}
		return a
	}
	a.AddrPort = netip.MustParseAddrPort(word)
	return a
}

// show writes messages as they are written in a script.
func show(all []peerwire.PEX) string {
	var words []string
	for _, m := range all {
		for _, a := range m.Added {
			words = append(words, "+"+short(a))
		}
		for _, a := range m.Dropped {
			words = append(words, "-"+short(a))
		}
	}
	return strings.Join(words, " ")
}

func short(a swarm.Address) string {
	text := strings.TrimSuffix(strings.TrimPrefix(a.AddrPort.String(), "20.0.0."), ":6881")
	if a.Flags != 0 {
		text += fmt.Sprintf("/%#x", a.Flags)
	}
	return text
}

// numbered returns address number i, from 20.0.0.0 on.
func numbered(i int) swarm.Address {
	ip := netip.AddrFrom4([4]byte{20, byte(i >> 16), byte(i >> 8), byte(i)})
	return swarm.Address{AddrPort: netip.AddrPortFrom(ip, 6881)}
}
