package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/stretchr/testify/require"
)

// The wanted file of the tests whose names begin with TestChoose. In v1 it begins and ends
// within a piece.
const (
	wantedFile   = "3 wanted.bin"
	wantedLength = 5 << 20
	choosePiece  = 512 << 10
)

// chooseHere is the size of the content of TestChoose and TestChooseKills in MiB, and chooseMiB
// is what SHOAL_CHOOSE_MIB asks for.
const chooseHere = 300

var chooseMiB = func() int64 {
	n, err := strconv.ParseInt(os.Getenv("SHOAL_CHOOSE_MIB"), 10, 64)
	if err != nil || n < 32 {
		return chooseHere
	}
	return n
}()

// chooseLimit bounds the time for all of the content.
var chooseLimit = limit * time.Duration(max(chooseHere, chooseMiB)) / chooseHere

// A choice is a content of which one file is wanted.
type choice struct{ content }

// makeChoice writes content of some bytes, of which most are holes that take no room: each 16 KiB
// begin with some bytes of their own.
func makeChoice(t *testing.T, length int64) choice {
	t.Helper()
	c := choice{content{t.TempDir(), "content"}}
	dir := filepath.Join(c.dir, c.name)
	require.NoError(t, os.Mkdir(dir, 0o755))
	random := rand.NewChaCha8([32]byte{12})
	before := length/3 + 12345
	for _, f := range []struct {
		name   string
		length int64
	}{
		{"1 before.bin", before},
		{"2 note.txt", 3},
		{wantedFile, wantedLength},
		{"4 after.bin", 70001},
		{"5 empty", 0},
		{"6 large.bin", length - before - wantedLength},
	} {
		require.NoError(t, writeSparse(filepath.Join(dir, f.name), f.length, random))
	}
	return c
}

// writeSparse writes a file with some random bytes at the start of each block and at its end.
func writeSparse(path string, length int64, random io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(length); err != nil {
		return err
	}
	var mark [24]byte
	for at := int64(0); at < length; at += 16 << 10 {
		random.Read(mark[:])
		if _, err := f.WriteAt(mark[:min(int64(len(mark)), length-at)], at); err != nil {
			return err
		}
	}
	random.Read(mark[:])
	if length > 0 {
		_, err = f.WriteAt(mark[:1], length-1)
	}
	return err
}

// only returns the options with which some files alone are wanted.
func (c choice) only(names ...string) shoalclient.AddOptions {
	return shoalclient.AddOptions{Priorities: func(info *metainfo.Info) ([]uint8, error) {
		priorities := make([]uint8, len(info.Entries))
		for i, e := range info.Entries {
			for _, name := range names {
				if e.Path == c.path(name) {
					priorities[i] = shoalclient.DefaultPriority
				}
			}
		}
		return priorities, nil
	}}
}

// path returns the path of a file in the torrent.
func (c choice) path(name string) string { return c.name + "/" + name }

// requireSameFile compares two files without reading them whole.
func requireSameFile(t *testing.T, want, got string) {
	t.Helper()
	a, err := os.Open(want)
	require.NoError(t, err)
	defer a.Close()
	b, err := os.Open(got)
	require.NoError(t, err)
	defer b.Close()
	size := func(f *os.File) int64 {
		info, err := f.Stat()
		require.NoError(t, err)
		return info.Size()
	}
	require.Equal(t, size(a), size(b), got)
	ba, bb := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); ; {
		n, errA := io.ReadFull(a, ba)
		m, errB := io.ReadFull(b, bb)
		require.Equal(t, n, m)
		require.Equal(t, errA, errB)
		if !bytes.Equal(ba[:n], bb[:n]) {
			require.FailNow(t, "a file differs", "%s at %d", got, at+int64(differAt(ba[:n], bb[:n])))
		}
		if errA != nil {
			return
		}
		at += int64(n)
	}
}

// A meter passes connections on to a peer, and counts the bytes that the peer sends.
type meter struct {
	net.Listener
	peer     netip.AddrPort
	received atomic.Int64
}

// startMeter starts a meter at a free port of addr. It ends with the test.
func startMeter(t *testing.T, addr netip.Addr, peer netip.AddrPort) *meter {
	t.Helper()
	m := &meter{Listener: listen(t, addr), peer: peer}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	ended := false
	keep := func(c net.Conn) bool {
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, c)
		return !ended
	}
	all.Go(func() {
		for {
			c, err := m.Accept()
			if err != nil {
				return
			}
			all.Go(func() { m.pass(c, keep) })
		}
	})
	t.Cleanup(func() {
		m.Close()
		mu.Lock()
		ended = true
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return m
}

// addr returns where the meter listens.
func (m *meter) addr() netip.AddrPort { return m.Addr().(*net.TCPAddr).AddrPort() }

// pass passes on one connection, in both directions.
func (m *meter) pass(ours net.Conn, keep func(net.Conn) bool) {
	defer ours.Close()
	theirs, err := net.Dial("tcp", m.peer.String())
	if err != nil {
		return
	}
	defer theirs.Close()
	if !keep(ours) || !keep(theirs) {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(theirs, ours)
		theirs.Close()
		ours.Close()
	}()
	io.Copy(ours, io.TeeReader(theirs, m))
	theirs.Close()
	ours.Close()
	<-done
}

// Write counts bytes of the peer.
func (m *meter) Write(b []byte) (int, error) {
	m.received.Add(int64(len(b)))
	return len(b), nil
}
