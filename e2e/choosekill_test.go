package e2e

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// chooseKillsHere is the number of runs of each format that TestChooseKills kills. SHOAL_KILLS
// asks for another one.
const chooseKillsHere = 5

// chooseKillPiece is the piece length of TestChooseKills, in bytes. With long pieces much
// comes of files that are not wanted, and is moved later.
const chooseKillPiece = 4 << 20

// TestChooseKills kills "shoal get" with kill -9, while the wanted file comes, while bytes move out
// of the part file, and while the rest comes. Each time the next run goes on with what is there,
// and one that exits with 0 has every byte that is wanted.
func TestChooseKills(t *testing.T) {
	t.Parallel()
	kills := killsAsked(chooseKillsHere)
	program := shoalProgram(t)
	for _, format := range formats {
		t.Run(format.String(), func(t *testing.T) {
			if chooseMiB == chooseHere {
				t.Parallel()
			}
			all := makeChoice(t, chooseMiB<<20)
			tor, file := all.torrent(t, builder.Options{Format: format, PieceLength: chooseKillPiece})
			seed := startShoal(t, netip.MustParseAddr("127.0.0.1"), engine.Config{})
			seed.seed(t, tor, all.dir)
			k := &chooseKiller{
				choice:  all,
				program: program,
				torrent: file,
				length:  tor.Info.ContentLength(),
				hasPart: format == metainfo.V1,
				meter:   startMeter(t, netip.MustParseAddr("127.0.0.1"), seed.Addrs()[0]),
				seed:    rand.Uint64(),
			}
			k.random = rand.New(rand.NewPCG(k.seed, 0))
			for k.kills < kills {
				k.download(t, kills)
			}
			t.Logf("seed %d: %d kills, of these %d while bytes moved, in %d downloads", k.seed, k.kills, k.moving, k.downloads)
		})
	}
}

// A chooseKiller downloads one file and then the rest, again and again, and kills the program
// meanwhile.
type chooseKiller struct {
	choice
	program, torrent string
	length           int64 // bytes of the content
	hasPart          bool  // some of what comes with the wanted file is not wanted
	meter            *meter
	seed             uint64
	random           *rand.Rand

	kills, moving, downloads int
}

// download gets the wanted file, and then everything, into a new folder. At most two of the
// runs of the first part are killed.
func (k *chooseKiller) download(t *testing.T, kills int) {
	dir, state := t.TempDir(), t.TempDir()
	most := min(kills, k.kills+2)
	for k.run(t, dir, state, wantedFile, most, k.afterBytes(wantedLength)) {
		require.Empty(t, k.unwantedOnDisk(t, dir), "seed %d", k.seed)
	}
	k.requireWanted(t, dir, k.hasPart)
	most = min(kills, k.kills+3)
	for moving := true; ; moving = k.random.IntN(3) == 0 {
		when := k.afterBytes(k.length / 2)
		if moving {
			when = func() bool { return len(k.unwantedOnDisk(t, dir)) > 0 }
		}
		if !k.run(t, dir, state, "**", most, when) {
			break
		}
		if moving {
			k.moving++
		}
	}
	k.requireAll(t, dir)
	k.downloads++
	require.NoError(t, os.RemoveAll(dir))
}

// afterBytes reports true when the seed has sent a random number of bytes, less than n, from now on.
func (k *chooseKiller) afterBytes(n int64) func() bool {
	end := k.meter.received.Load() + k.random.Int64N(n)
	return func() bool { return k.meter.received.Load() >= end }
}

// run runs "shoal get" once, and kills it a moment after when reports true, unless there were enough
// kills. It reports whether it killed it; otherwise it exited with 0.
func (k *chooseKiller) run(t *testing.T, dir, state, pattern string, kills int, when func() bool) (killed bool) {
	t.Helper()
	cmd := exec.Command(k.program, "get", k.torrent, "--select", pattern, "--dir", dir, "--state", state, "--peer", k.meter.addr().String(),
		"--listen", "off", "--no-dht", "--no-lsd", "--quit-after-complete")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, startWithUs(cmd))
	done := make(chan struct{})
	go func() {
		defer close(done)
		cmd.Wait()
	}()
	end := time.After(chooseLimit)
	for {
		select {
		case <-done:
			code := cmd.ProcessState.ExitCode()
			if killed && code < 0 {
				k.kills++
				return true
			}
			require.Zero(t, code, "seed %d: %s", k.seed, output.String())
			return false
		case <-end:
			cmd.Process.Kill()
			<-done
			require.FailNow(t, "it does not end", "seed %d: %s", k.seed, output.String())
		case <-time.After(time.Millisecond):
		}
		if !killed && k.kills < kills && when() {
			time.Sleep(time.Duration(k.random.IntN(20)) * time.Millisecond)
			killed = cmd.Process.Kill() == nil
		}
	}
}
