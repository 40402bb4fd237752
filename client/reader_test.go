package client

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// file returns a file of a torrent of a, by its number.
func (a *collection) file(t *testing.T, tor *Torrent, i int) File {
	t.Helper()
	f, err := tor.File(a.name(i))
	require.NoError(t, err)
	return f
}

// bytes returns the bytes of a file.
func (a *collection) bytes(t *testing.T, i int) []byte {
	t.Helper()
	b, err := os.ReadFile(a.path(i))
	require.NoError(t, err)
	return b
}

// reader returns a reader of a file, which is closed with the test.
func (a *collection) reader(t *testing.T, tor *Torrent, i int) *Reader {
	t.Helper()
	r, err := a.file(t, tor, i).NewReader(within(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// requireReads reads all of a reader.
func requireReads(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got))
}

// A file is read while it is downloaded, and when it is complete, whatever the format.
func TestReader(t *testing.T) {
	for _, format := range []builder.Options{{}, {Format: metainfo.V2}, {Format: metainfo.Hybrid}} {
		a := newCollection(t, format)
		_, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, AddOptions{})
		for range 2 {
			var wg sync.WaitGroup
			for i := range 20 {
				want, r := a.bytes(t, i), a.reader(t, tor, i)
				wg.Go(func() { requireReads(t, r, want) })
			}
			wg.Wait()
			require.NoError(t, tor.Wait(within(t)))
		}
		require.Len(t, tor.Readers(), 40)
	}
}

// A reader of an unwanted file fetches what it reads, which is stored in the part file, and leaves the
// user's choice and the record as they were.
func TestReaderOfUnwantedFile(t *testing.T) {
	a := newCollection(t, builder.Options{})
	dir, state := t.TempDir(), t.TempDir()
	c, tor := a.add(t, Config{Dir: dir, State: state}, a.only(0))
	require.NoError(t, tor.Wait(within(t)))
	wanted := tor.run().engine.Priorities()
	before := tor.Bitfield().Count()
	f := a.file(t, tor, 8) // 70,001 bytes
	r, err := f.NewReader(t.Context())
	require.NoError(t, err)
	r.SetAhead(-1)
	p := make([]byte, 20_000)
	n, err := r.ReadAt(p, 40_000)
	require.Equal(t, 20_000, n)
	require.NoError(t, err)
	require.Equal(t, a.bytes(t, 8)[40_000:60_000], p)
	last := int((f.Offset + 60_000 - 1) / (16 << 10))
	first := int((f.Offset + 40_000) / (16 << 10))
	require.Equal(t, before+last-first+1, tor.Bitfield().Count(), "nothing but these pieces came")
	require.Empty(t, visible(onDisk(t, dir))[1:], "the file was not made")
	_, err = io.CopyN(io.Discard, r, 10)
	require.NoError(t, err)
	require.Equal(t, Unwanted, a.file(t, tor, 8).Priority)
	require.NoError(t, r.Close())
	require.Empty(t, tor.Readers())
	require.Equal(t, wanted, tor.run().engine.Priorities())
	require.Empty(t, tor.run().engine.Deadlines())
	require.NoError(t, c.Close())

	_, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{})
	require.Equal(t, wanted, tor.run().engine.Priorities())
	n, err = tor.ReadAt(p, f.Offset+40_000)
	require.NoError(t, err)
	require.Equal(t, a.bytes(t, 8)[40_000:60_000], p[:n])
}

// The record has the deadlines that the user set, and no others.
func TestReadersAreNotRecorded(t *testing.T) {
	a := newCollection(t, builder.Options{})
	dir, state := t.TempDir(), t.TempDir()
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	c, err := New(Config{Dir: dir, State: state, Listen: Off, Save: time.Hour})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), a.meta)
	require.NoError(t, err)
	require.NoError(t, tor.SetDeadline(3, at))
	r, err := a.file(t, tor, 0).NewReader(t.Context())
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		_, err := r.Read(make([]byte, 10))
		ended <- err
	}()
	require.Eventually(t, func() bool { return len(tor.run().engine.Deadlines()) > 3 }, time.Minute, time.Millisecond)
	require.True(t, tor.run().engine.Deadlines()[3].Before(at))
	record := func() resume.Selection { return tor.run().selectionRecord() }
	require.Equal(t, map[int]time.Time{3: at}, record().Deadlines)
	require.NoError(t, tor.ClearDeadlines())
	require.Empty(t, record().Deadlines)
	require.NotEmpty(t, tor.run().engine.Deadlines())
	require.NoError(t, tor.SetDeadline(3, at))
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-ended, ErrClosed)

	c, err = New(Config{Dir: dir, State: state, Listen: Off, Save: time.Hour})
	require.NoError(t, err)
	defer c.Close()
	tor, err = c.Add(t.Context(), a.meta)
	require.NoError(t, err)
	require.Len(t, tor.run().engine.Deadlines(), 1)
	require.True(t, tor.run().engine.Deadlines()[3].Equal(at))
	require.Len(t, tor.run().selectionRecord().Deadlines, 1)
}

// A reader says why its bytes do not come.
func TestReaderErrors(t *testing.T) {
	a := newCollection(t, builder.Options{})
	c, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, AddOptions{Paused: true})
	f := a.file(t, tor, 0)
	read := func(ctx context.Context) (*Reader, chan error) {
		r, err := f.NewReader(ctx)
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() {
			_, err := r.Read(make([]byte, 10))
			ended <- err
		}()
		require.Eventually(t, func() bool { return len(tor.run().engine.Deadlines()) > 0 }, time.Minute, time.Millisecond)
		return r, ended
	}
	r, ended := read(t.Context())
	require.NoError(t, r.Close())
	require.ErrorIs(t, <-ended, fs.ErrClosed)
	require.Empty(t, tor.run().engine.Deadlines())

	ctx, cancel := context.WithCancel(t.Context())
	_, ended = read(ctx)
	cancel()
	require.EqualError(t, <-ended, `client: "album": context canceled`)
	require.Eventually(t, func() bool { return len(tor.run().engine.Deadlines()) == 0 }, time.Minute, time.Millisecond)

	_, ended = read(t.Context())
	broken := errors.New("broken")
	tor.run().engine.Fail(broken)
	require.ErrorIs(t, <-ended, broken)
	require.NoError(t, tor.Resume()) // checks what is there, and is paused
	r, ended = read(t.Context())
	require.NoError(t, tor.Resume())
	require.NoError(t, <-ended)
	require.NoError(t, r.Close())

	require.NoError(t, tor.Wait(within(t)))
	r = a.reader(t, tor, 0)
	require.NoError(t, c.Remove(tor, Delete))
	_, err := r.Read(make([]byte, 10))
	require.ErrorIs(t, err, ErrRemoved)
	_, err = f.NewReader(t.Context())
	require.ErrorIs(t, err, ErrRemoved)
	require.NotPanics(t, func() { tor.Readers() })
}

// A gatedDisk is a Storage whose reads wait while a lock is held.
type gatedDisk struct {
	*swarm.Memory
	gate sync.RWMutex
}

func (d *gatedDisk) ReadAt(p []byte, off int64) (int, error) {
	d.gate.RLock()
	defer d.gate.RUnlock()
	return d.Memory.ReadAt(p, off)
}

// A reader waits for pieces that are being checked, and those that the check loses are fetched
// again.
func TestReaderDuringCheck(t *testing.T) {
	a := newCollection(t, builder.Options{})
	disk := &gatedDisk{Memory: swarm.NewMemory(a.meta.Info.Geometry().Length)}
	_, tor := a.add(t, Config{State: Off, NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) { return disk, nil }}, AddOptions{})
	require.NoError(t, tor.Wait(within(t)))
	f := a.file(t, tor, 12)
	_, err := disk.WriteAt(make([]byte, 30_000), f.Offset)
	require.NoError(t, err)
	r := a.reader(t, tor, 12)
	disk.gate.Lock()
	checked := make(chan error, 1)
	go func() { checked <- tor.Recheck(within(t)) }()
	require.Eventually(t, func() bool { return tor.Stats().Phase == engine.PhaseChecking }, time.Minute, time.Millisecond)
	read := make(chan error, 1)
	go func() {
		b, err := io.ReadAll(r)
		if !bytes.Equal(a.bytes(t, 12), b) {
			err = cmp.Or(err, errors.New("other bytes"))
		}
		read <- err
	}()
	require.Eventually(t, func() bool { return len(tor.run().engine.Deadlines()) > 0 }, time.Minute, time.Millisecond)
	require.Empty(t, read)
	disk.gate.Unlock()
	require.NoError(t, <-checked)
	require.NoError(t, tor.AddPeers(a.seeder.Addr()))
	require.NoError(t, <-read)
}

// fullDisk takes nothing.
type fullDisk struct{ *swarm.Memory }

var errFull = errors.New("the disk is full")

func (fullDisk) WriteAt([]byte, int64) (int, error) { return 0, errFull }

// A disk that fails is the error of the readers that wait.
func TestReaderWhenDiskFails(t *testing.T) {
	a := newCollection(t, builder.Options{})
	disk := fullDisk{swarm.NewMemory(a.meta.Info.Geometry().Length)}
	_, tor := a.add(t, Config{State: Off, NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) { return disk, nil }}, AddOptions{})
	_, err := a.reader(t, tor, 0).Read(make([]byte, 10))
	require.ErrorIs(t, err, errFull)
	require.Equal(t, engine.PhaseFailed, tor.Stats().Phase)
}

// A piece that fails its check three times keeps its reader waiting until somebody sends the right
// one.
func TestReaderOfWrongPieces(t *testing.T) {
	a := newCollection(t, builder.Options{})
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	failed := c.Events(engine.OnPieceFailed, 0)
	tor, err := c.Add(t.Context(), a.meta, a.only(-1))
	require.NoError(t, err)
	r := a.reader(t, tor, 0)
	r.SetAhead(-1) // so that nothing but the first piece is requested
	type result struct {
		b   []byte
		err error
	}
	got := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(r)
		got <- result{b, err}
	}()
	for _, host := range []string{"127.0.0.2:0", "127.0.0.3:0", "127.0.0.4:0"} {
		zeros := swarm.NewMemory(a.meta.Info.Geometry().Length)
		liar, err := New(Config{Dir: t.TempDir(), State: Off, Listen: host, NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) { return zeros, nil }})
		require.NoError(t, err)
		defer liar.Close()
		_, err = liar.Add(t.Context(), a.meta, AddOptions{Trust: true})
		require.NoError(t, err)
		require.NoError(t, tor.AddPeers(liar.Addr()))
		e, err := failed.Next(within(t))
		require.NoError(t, err)
		require.Zero(t, e.(PieceFailed).Piece)
	}
	require.NoError(t, tor.AddPeers(a.seeder.Addr()))
	all := <-got
	require.NoError(t, all.err)
	require.True(t, bytes.Equal(a.bytes(t, 0), all.b))
}

// While the metadata is missing there are no files to read, and no readers.
func TestReaderWithoutMetadata(t *testing.T) {
	a := newCollection(t, builder.Options{})
	c, err := New(Config{Dir: t.TempDir(), State: Off, Listen: Off})
	require.NoError(t, err)
	defer c.Close()
	tor, err := c.Add(t.Context(), linkOf(a.meta))
	require.NoError(t, err)
	_, err = tor.File(a.name(0))
	require.ErrorIs(t, err, ErrNoMetadata)
	require.Empty(t, tor.Readers())
	require.NoError(t, tor.AddPeers(a.seeder.Addr()))
	require.NoError(t, tor.Ready(within(t)))
	requireReads(t, a.reader(t, tor, 0), a.bytes(t, 0))
}

// A thousand readers of one torrent, of all its files, all get their bytes.
func TestThousandReaders(t *testing.T) {
	a := newCollection(t, builder.Options{})
	_, tor := a.add(t, Config{Dir: t.TempDir(), State: Off}, a.only(3))
	var wg sync.WaitGroup
	for i := range 1000 {
		r, want := a.reader(t, tor, i%20), a.bytes(t, i%20)
		wg.Go(func() { requireReads(t, r, want) })
	}
	wg.Wait()
	require.Len(t, tor.Readers(), 1000)
}
