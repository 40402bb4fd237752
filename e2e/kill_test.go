package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// killsHere is the number of runs that TestKills kills. SHOAL_KILLS asks for another one.
const killsHere = 12

// killsAsked returns what SHOAL_KILLS asks for, or the given number if it asks for nothing.
func killsAsked(otherwise int) int {
	asked, err := strconv.Atoi(os.Getenv("SHOAL_KILLS"))
	if err != nil {
		return otherwise
	}
	return asked
}

// killShape has pieces that span files, small files, empty ones and a large one.
var killShape = shape{"", 64 << 10, append(smallFiles(24), 1300000, 7, 0, 2999999, 524288, 9<<20+1)}

// TestKills kills "shoal get" at random moments, with kill -9, and starts it again, while
// other programs change its files before a run or in the middle of it. A run may fail only
// if a file was changed in the middle of it, and one that exits with 0 has every byte right.
//
// In the middle means between two writes of ours, because nobody can see that a file was
// changed during a write of ours: afterwards the file has our time in any case.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := killsAsked(killsHere)
	program := shoalProgram(t)
	for i, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			t.Parallel()
			content := killShape.make(t, uint64(40+i))
			tor, file := content.torrent(t, builder.Options{Format: format, PieceLength: killShape.pieceLength})
			source := newValve(openStore(t, tor, content.dir))
			g := tor.Info.Geometry()
			peers := &watch{Listener: listen(t, netip.MustParseAddr("127.0.0.1")), geometry: g}
			seeder := startShoalAt(t, peers, engine.Config{})
			seed, err := seeder.Add(engine.Spec{
				Swarms:    tor.IDs(),
				Geometry:  g,
				Verify:    tor.Info.Verify,
				Storage:   source,
				Have:      allOf(tor),
				NewPicker: func() swarm.Picker { return piecepicker.New(g) },
			})
			require.NoError(t, err)
			k := &killer{
				program: program,
				torrent: file,
				content: content,
				source:  source,
				peers:   peers,
				served:  seed,
				peer:    seeder.Addrs()[0],
				length:  tor.Info.Length,
				seed:    rand.Uint64(),
			}
			k.random = rand.New(rand.NewPCG(k.seed, 0))
			for k.kills < (kills+len(formats)-1)/len(formats) {
				k.download(t)
			}
			t.Logf("seed %d: %d kills, %d runs changed in the middle, %d of them failed, %d complete", k.seed, k.kills, k.changed, k.failed, k.complete)
		})
	}
}

// A killer runs one download after the other.
type killer struct {
	program, torrent string
	content          content
	source           *valve
	peers            *watch
	served           *engine.Torrent
	peer             netip.AddrPort
	length           int64
	seed             uint64
	random           *rand.Rand

	kills, changed, failed, complete int // runs
}

// download runs "shoal get" until it exits with 0.
func (k *killer) download(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	var history bytes.Buffer // for a failure
	for run := 0; ; run++ {
		require.Less(t, run, 200, "seed %d: it never ends", k.seed)
		if run > 0 && k.random.IntN(2) == 0 {
			fmt.Fprintln(&history, "before the run:", k.change(t, dir))
		}
		until(t, func() bool { return len(k.served.Peers()) == 0 }) // the run before has left
		k.source.hold(k.random.Int64N(k.length + k.length/4))
		cmd := exec.Command(k.program, "get", k.torrent, "--dir", dir, "--state", state, "--peer", k.peer.String(),
			"--listen", "off", "--no-dht", "--no-lsd", "--overwrite", "--quit-after-complete")
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		require.NoError(t, startWithUs(cmd))
		done := make(chan struct{})
		go func() {
			defer close(done)
			cmd.Wait()
		}()
		changed, killed := k.meet(t, dir, cmd, done)
		select {
		case <-done:
		case <-within(t).Done():
			cmd.Process.Kill()
			<-done
			require.FailNow(t, "it does not end", "seed %d: %s", k.seed, output.String())
		}
		code := cmd.ProcessState.ExitCode()
		fmt.Fprintf(&history, "in the middle: %s\nkilled: %v, code %d\n%s\n", changed, killed, code, output.String())
		switch {
		case code == 0:
			k.complete++
			k.content.requireEqual(t, dir, false)
			require.False(t, t.Failed(), "seed %d: %s", k.seed, history.String())
			return
		case killed && code < 0:
			k.kills++
		case changed != "":
			k.failed++
		default:
			require.FailNow(t, "it failed", "seed %d: %s", k.seed, history.String())
		}
	}
}

// meet lets a run go on for a while, changes a file perhaps, and kills it perhaps. It
// returns what was changed.
func (k *killer) meet(t *testing.T, dir string, cmd *exec.Cmd, done <-chan struct{}) (changed string, killed bool) {
	if k.random.IntN(3) == 0 {
		// In the middle: the seed serves nothing more until the file is changed.
		select {
		case <-k.source.reached():
			if k.awaitWrites(t, dir, done) {
				changed = k.change(t, dir)
				k.changed++
			}
		case <-done:
		}
	}
	if k.random.IntN(4) > 0 {
		k.source.open()
		select {
		case <-time.After(time.Duration(k.random.IntN(400)) * time.Millisecond):
		case <-done:
		}
		return changed, cmd.Process.Kill() == nil
	}
	k.source.open()
	return changed, false
}

// awaitWrites waits until the run has written all that was sent to it, and the clock of the
// file system has moved on since. It reports false if the run ended.
func (k *killer) awaitWrites(t *testing.T, dir string, done <-chan struct{}) bool {
	probe := filepath.Join(t.TempDir(), "probe")
	ctx := within(t)
	for {
		select {
		case <-done:
			return false
		case <-ctx.Done():
			require.FailNow(t, "it does not write what was sent to it", "seed %d", k.seed)
		case <-time.After(5 * time.Millisecond):
		}
		if !k.peers.written() {
			continue
		}
		require.NoError(t, os.WriteFile(probe, []byte("now"), 0o666))
		now, err := os.Stat(probe)
		require.NoError(t, err)
		last := lastWrite(t, dir)
		if now.ModTime().Sub(last) > 20*time.Millisecond { // a tick has at most 16
			return true
		}
	}
}

// lastWrite returns the time of the last write to a file in dir, zero if there is none.
func lastWrite(t *testing.T, dir string) (last time.Time) {
	for _, path := range regularFiles(t, dir) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// regularFiles returns the paths of the regular files in dir.
func regularFiles(t *testing.T, dir string) (files []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

// change does to a file what another program may do. It returns what that was.
func (k *killer) change(t *testing.T, dir string) string {
	files := regularFiles(t, dir)
	if len(files) == 0 {
		return ""
	}
	path := files[k.random.IntN(len(files))]
	info, err := os.Stat(path)
	require.NoError(t, err)
	size := info.Size()
	switch what := k.random.IntN(7); what {
	case 0, 1:
		if size == 0 {
			return ""
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte("another program"[:min(15, size)]), k.random.Int64N(max(1, size-15)))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		return "overwritten: " + path
	case 2:
		require.NoError(t, os.Truncate(path, size*k.random.Int64N(100)/100))
		return "cut: " + path
	case 3:
		require.NoError(t, os.Truncate(path, size+1+k.random.Int64N(1000)))
		return "longer: " + path
	case 4:
		require.NoError(t, os.Remove(path))
		return "deleted: " + path
	case 5:
		other := filepath.Join(t.TempDir(), "other")
		require.NoError(t, os.WriteFile(other, bytes.Repeat([]byte{1}, int(size)), 0o666))
		require.NoError(t, os.Rename(other, path))
		return "replaced: " + path
	default:
		now := time.Now()
		require.NoError(t, os.Chtimes(path, now, now))
		return fmt.Sprint("touched: ", path)
	}
}

// A valve is a Storage that lets some bytes pass to readers and then holds them up, until it
// is opened. It can be used again.
type valve struct {
	swarm.Storage

	mu     sync.Mutex
	left   int64         // bytes that may pass yet
	dry    chan struct{} // closed when somebody waits
	opened chan struct{} // closed by open
}

func newValve(s swarm.Storage) *valve {
	v := &valve{Storage: s}
	v.hold(math.MaxInt64)
	v.open()
	return v
}

// hold lets n bytes pass from now on.
func (v *valve) hold(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.left, v.dry, v.opened = n, make(chan struct{}), make(chan struct{})
}

func (v *valve) open() {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.opened)
}

func (v *valve) reached() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.dry
}

// ReadAt implements swarm.Storage.
func (v *valve) ReadAt(p []byte, off int64) (int, error) {
	v.mu.Lock()
	had := v.left
	v.left -= int64(len(p))
	if had >= 0 && v.left < 0 {
		close(v.dry)
	}
	wait, opened := v.left < 0, v.opened
	v.mu.Unlock()
	if wait {
		<-opened
	}
	return v.Storage.ReadAt(p, off)
}
