package addressbook

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestBook runs a script for each rule of the Book. A line is a command; what follows
// the arrow is its result. Address 1 stands for 10.0.0.1:6881. The rules of checkBook
// must hold after each line.
func TestBook(t *testing.T) {
	for _, test := range slices.Concat(scripts, choiceScripts) {
		t.Run(test.name, func(t *testing.T) {
			r := newRun()
			for line := range strings.Lines(test.script) {
				line = strings.TrimSpace(line)
				if line == "" {
					continue
				}
				command, want, _ := strings.Cut(line, " -> ")
				got, err := r.do(strings.Fields(command))
				require.NoError(t, err, line)
				require.Equal(t, want, got, line)
				require.NoError(t, r.checkBook(), line)
			}
		})
	}
}

// A run is a Book, the time, and whether its torrent is complete.
type run struct {
	book     Book
	start    time.Time
	now      time.Time
	complete bool
}

func newRun() *run {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &run{start: start, now: start}
}

// outcomes are the names of the outcomes in scripts.
var outcomes = map[string]Outcome{
	"failed":       Failed,
	"no-handshake": NoHandshake,
	"no-room":      NoRoom,
	"useless":      Useless,
	"self":         Self,
	"lost":         Lost,
	"duplicate":    Duplicate,
	"crossed":      Crossed,
	"crowded":      Crowded,
}

// do runs one command and returns its result.
func (r *run) do(words []string) (string, error) {
	command, words := words[0], words[1:]
	var addr netip.AddrPort
	var err error
	switch command {
	case "add", "connected", "reset", "end", "ban", "refuse", "refused":
		addr, err = parseAddr(words[0])
		words = words[1:]
	}
	if err != nil {
		return "", err
	}
	switch command {
	case "add":
		return "", r.add(addr, words)
	case "next":
		return r.next(), nil
	case "due":
		return r.due(), nil
	case "len":
		return strconv.Itoa(r.book.Len()), nil
	case "dialing":
		return strconv.Itoa(r.book.Dialing()), nil
	case "wait":
		d, err := time.ParseDuration(words[0])
		r.now = r.now.Add(d)
		return "", err
	case "complete":
		r.complete = true
	case "incomplete":
		r.complete = false
		r.book.RetrySeeds(r.now)
	case "connected":
		r.book.Connected(addr)
	case "reset":
		r.book.ResetBackoff(addr)
	case "end":
		how, ok := outcomes[words[0]]
		if !ok {
			return "", fmt.Errorf("no such outcome: %s", words[0])
		}
		r.book.Ended(r.now, addr, how)
	case "ban":
		return strconv.FormatBool(r.book.Ban(addr.Addr(), len(words) > 0)), nil
	case "refuse":
		r.book.Refuse(r.now, addr.Addr())
	case "refused":
		return strconv.FormatBool(r.book.Refused(r.now, addr.Addr())), nil
	default:
		return "", fmt.Errorf("no such command: %s", command)
	}
	return "", nil
}

// add adds an address. Its words are "seed", and the indexes of its swarms; without
// any it is swarm 0.
func (r *run) add(addr netip.AddrPort, words []string) error {
	a := swarm.Address{AddrPort: addr}
	var in Swarms
	for _, w := range words {
		if w == "seed" {
			a.Flags |= swarm.Seed
			continue
		}
		i, err := strconv.Atoi(w)
		if err != nil {
			return err
		}
		in |= 1 << i
	}
	if in == 0 {
		in = All(1)
	}
	r.book.Add(r.now, a, in)
	return nil
}

// next returns the next address to dial, and its swarm unless that is 0; if there is
// none, how long there is none.
func (r *run) next() string {
	addr, in, ok := r.book.Next(r.now, r.complete)
	if !ok && r.book.Due().IsZero() {
		return "nobody"
	}
	if !ok {
		return "nobody for " + r.book.Due().Sub(r.now).String()
	}
	text := addr.String()
	if addr.Port() == 6881 && addr.Addr().Is4() {
		b := addr.Addr().As4()
		text = strconv.Itoa(int(b[3]))
	}
	if in != 0 {
		text += fmt.Sprintf(" in %d", in)
	}
	return text
}

func (r *run) due() string {
	switch due := r.book.Due(); {
	case due.IsZero():
		return "never"
	case !due.After(r.now):
		return "now"
	default:
		return due.Sub(r.now).String()
	}
}

// parseAddr reads "2", which is 10.0.0.2:6881, or a whole address.
func parseAddr(s string) (netip.AddrPort, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err == nil {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 6881), nil
	}
	return netip.ParseAddrPort(s)
}

// checkBook returns which rule that holds of a Book at any time is broken.
func (r *run) checkBook() error {
	b := &r.book
	if len(b.known) != len(b.order) || len(b.order) > maxKnown {
		return fmt.Errorf("%d addresses are in order and %d are known, of at most %d", len(b.order), len(b.known), maxKnown)
	}
	dialing, fresh, entries := 0, 0, make(map[netip.Addr]int)
	for _, e := range b.order {
		if !e.dialed {
			fresh++
		}
		entries[e.addr.Addr()]++
		if err := r.checkEntry(e); err != nil {
			return fmt.Errorf("%v: %w", e.addr, err)
		}
		if e.dialing {
			dialing++
		}
	}
	for addr, h := range b.hosts {
		if h.entries != entries[addr] || h.entries == 0 {
			return fmt.Errorf("%v has %d addresses, and %d are counted", addr, entries[addr], h.entries)
		}
	}
	if len(b.hosts) != len(entries) {
		return fmt.Errorf("%d hosts are in order and %d are known", len(entries), len(b.hosts))
	}
	if err := b.checkTellers(); err != nil {
		return err
	}
	if fresh != b.Fresh() {
		return fmt.Errorf("%d addresses were never dialed, and %d are counted", fresh, b.Fresh())
	}
	if dialing != b.Dialing() {
		return fmt.Errorf("%d addresses are being dialed, and %d are counted", dialing, b.Dialing())
	}
	return nil
}

// checkEntry returns which rule that holds of an address at any time is broken.
func (r *run) checkEntry(e *entry) error {
	b := &r.book
	mayDial := !e.dialing && !e.connected && !e.self && !(r.complete && e.seed)
	latest := e.retryAt
	if latest.Before(r.now) {
		latest = r.now
	}
	switch {
	case b.known[e.addr] != e:
		return fmt.Errorf("two entries have this address")
	case e.dialing && e.connected:
		return fmt.Errorf("it is connected and being dialed")
	case b.Banned(e.addr.Addr()) && !e.dialing:
		return fmt.Errorf("it is banned and in the book")
	case e.swarms&(1<<e.swarm) == 0:
		return fmt.Errorf("it is in the swarms %b and to be dialed in %d", e.swarms, e.swarm)
	case e.failures < 0 || e.failures > maxFailures:
		return fmt.Errorf("it has %d failures", e.failures)
	case mayDial && b.Refused(r.now, e.addr.Addr()) && !e.retryAt.After(r.now):
		return fmt.Errorf("it is refused and may be dialed")
	case mayDial && (b.Due().IsZero() || b.Due().After(latest)):
		return fmt.Errorf("it may be dialed at %v, and Due is %v", latest, b.Due())
	}
	return nil
}

func TestDialable(t *testing.T) {
	for _, test := range []struct {
		addr string
		want bool
	}{
		{"192.0.2.1:6881", true},
		{"[2001:db8::1]:6881", true},
		{"127.0.0.1:1", true},
		{"192.0.2.1:0", false},
		{"0.0.0.0:6881", false},
		{"[::]:6881", false},
		{"224.0.0.1:6881", false},
		{"[ff02::1]:6881", false},
		{"[::ffff:192.0.2.1]:6881", true},
		{"[::ffff:0.0.0.0]:6881", false},
	} {
		var b Book
		now := time.Unix(1e9, 0)
		b.Add(now, swarm.Address{AddrPort: netip.MustParseAddrPort(test.addr)}, All(1))
		_, _, ok := b.Next(now, false)
		require.Equal(t, test.want, ok, test.addr)
	}
	var b Book
	b.Add(time.Unix(1e9, 0), swarm.Address{}, All(1))
	require.Zero(t, b.Len(), "the zero address")
}

func TestBookIsBounded(t *testing.T) {
	r := newRun()
	for i := range maxKnown + 100 {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 6881)
		require.NoError(t, r.add(addr, nil))
	}
	require.Equal(t, 3000, r.book.Len())
	require.NoError(t, r.checkBook())

	first, _, ok := r.book.Next(r.now, false)
	require.True(t, ok)
	require.NoError(t, r.add(first, []string{"3"}))
	require.Equal(t, All(1)|1<<3, r.book.known[first].swarms, "a full book still learns about what it knows")
	r.book.Ban(first.Addr(), false)
	r.book.Ended(r.now, first, Failed)
	require.NoError(t, r.add(netip.MustParseAddrPort("10.2.0.1:6881"), nil))
	require.Equal(t, 3000, r.book.Len(), "there is room for one again")
}

func TestSwarmsAfter(t *testing.T) {
	require.Equal(t, Swarms(0b111), All(3))
	require.Equal(t, Swarms(0xff), All(MaxSwarms))
	for _, test := range []struct {
		swarms Swarms
		from   int
		want   int
	}{
		{0b1, -1, 0},
		{0b1, 0, 0},
		{0b101, -1, 0},
		{0b101, 0, 2},
		{0b101, 2, 0},
		{0b1000_0000, -1, 7},
		{0b1000_0001, 7, 0},
	} {
		require.Equal(t, test.want, test.swarms.after(test.from), "%b behind %d", test.swarms, test.from)
	}
}

// Two hundred dead addresses that came first do not keep the one that came last waiting
// once each was tried, however often they may be tried again.
func TestDeadAddressesDoNotStarveFreshOnes(t *testing.T) {
	r := newRun()
	for i := range 200 {
		require.NoError(t, r.add(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), 6881), nil))
	}
	honest := netip.MustParseAddrPort("10.2.0.1:6881")
	require.NoError(t, r.add(honest, nil))
	for round := 1; ; round++ {
		require.LessOrEqual(t, round, 5, "50 dials at a time, 201 addresses")
		var dialed []netip.AddrPort
		for range 50 {
			addr, _, ok := r.book.Next(r.now, false)
			if ok {
				dialed = append(dialed, addr)
			}
		}
		if slices.Contains(dialed, honest) {
			return
		}
		r.now = r.now.Add(15 * time.Second)
		for _, addr := range dialed {
			r.book.Ended(r.now, addr, Failed)
		}
	}
}

// A full Book gives up an address that failed, or one of a host that has many, for a
// fresh one; never one in use.
func TestFullBookMakesRoom(t *testing.T) {
	r := newRun()
	for i := range maxKnown {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 6881)
		require.NoError(t, r.add(addr, nil))
	}
	failed, _, _ := r.book.Next(r.now, false)
	r.book.Ended(r.now, failed, Failed)
	inUse, _, _ := r.book.Next(r.now, false)
	require.NoError(t, r.add(netip.MustParseAddrPort("10.2.0.1:1"), nil))
	require.NoError(t, r.checkBook())
	require.NotContains(t, r.book.known, failed)
	require.Contains(t, r.book.known, inUse)
	require.Contains(t, r.book.known, netip.MustParseAddrPort("10.2.0.1:1"))

	require.NoError(t, r.add(netip.MustParseAddrPort("10.2.0.2:1"), nil))
	require.NotContains(t, r.book.known, netip.MustParseAddrPort("10.2.0.2:1"), "nothing has failed")

	crowded := newRun()
	for i := range maxKnown {
		require.NoError(t, crowded.add(netip.AddrPortFrom(netip.MustParseAddr("10.9.9.9"), uint16(i+1)), nil))
	}
	for i := range 100 {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i)}), 6881)
		require.NoError(t, crowded.add(addr, nil))
		require.Contains(t, crowded.book.known, addr)
	}
	require.NoError(t, crowded.checkBook())
	require.Equal(t, maxKnown, crowded.book.Len())
}

// An address that was never tried comes before one that was, also if that one never failed and
// is of the same host.
func TestNeverTriedComesFirst(t *testing.T) {
	ports := []netip.AddrPort{netip.MustParseAddrPort("10.1.0.1:1"), netip.MustParseAddrPort("10.1.0.1:2")}
	for i, tried := range ports { // one of the two has the higher priority
		r := newRun()
		require.NoError(t, r.add(tried, nil))
		_, _, ok := r.book.Next(r.now, false)
		require.True(t, ok)
		r.book.Connected(tried)
		r.book.Ended(r.now, tried, Lost)
		r.now = r.now.Add(time.Hour)
		require.NoError(t, r.add(ports[1-i], nil))
		addr, _, ok := r.book.Next(r.now, false)
		require.True(t, ok)
		require.Equal(t, ports[1-i], addr)
	}
}
