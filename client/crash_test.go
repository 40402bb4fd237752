package client

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// downloader is the argument with which the test program becomes a client that
// downloads and never ends by itself.
const downloader = "-shoal-downloader="

func TestMain(m *testing.M) {
	for _, arg := range os.Args[1:] {
		if rest, ok := strings.CutPrefix(arg, downloader); ok {
			if err := download(strings.Split(rest, ",")); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// download gets args[0] from the peer args[1] into the folder args[2], with state
// in args[3].
func download(args []string) error {
	c, err := New(Config{Dir: args[2], State: args[3], Listen: Off, Save: 10 * time.Millisecond})
	if err != nil {
		return err
	}
	t, err := c.Add(context.Background(), args[0])
	if err != nil {
		return err
	}
	if err := t.AddPeers(netip.MustParseAddrPort(args[1])); err != nil {
		return err
	}
	fmt.Println("added")
	if err := t.Ready(context.Background()); err != nil {
		return err
	}
	fmt.Println("ready")
	if err := t.Wait(context.Background()); err != nil {
		return err
	}
	fmt.Println("complete")
	select {}
}

// TestKilled kills a program that downloads, at random moments, until one gets
// through. It must end with the right bytes, and fetch no recorded piece again. A file that
// was written to after the last save is checked: another program may have done that.
func TestKilled(t *testing.T) {
	const length = 24<<20 + 77
	work := t.TempDir()
	source := filepath.Join(work, "file.bin")
	b := make([]byte, length)
	rand.NewChaCha8([32]byte{9}).Read(b)
	require.NoError(t, os.WriteFile(source, b, 0o666))
	seeder, err := New(Config{Dir: work, State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer seeder.Close()
	seed, err := seeder.Seed(t.Context(), source, SeedOptions{Build: builder.Options{PieceLength: 64 << 10}})
	require.NoError(t, err)
	torrent := filepath.Join(work, "file.torrent")
	bytes, err := metaOf(t, seed).Bytes()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(torrent, bytes, 0o666))
	dir, state := filepath.Join(work, "dir"), filepath.Join(work, "state")
	self, err := os.Executable()
	require.NoError(t, err)

	kills, partial := 0, 0
	for range 6 {
		cmd := exec.Command(self, downloader+strings.Join([]string{torrent, seeder.Addr().String(), dir, state}, ","))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		time.AfterFunc(20*time.Millisecond+rand.N(250*time.Millisecond), func() { cmd.Process.Kill() })
		said, err := io.ReadAll(out)
		require.NoError(t, err)
		cmd.Wait() // it was killed
		kills++
		require.NotContains(t, string(said), "client:")
		recorded, checked, held := afterKill(t, torrent, dir, state)
		n := metaOf(t, seed).Info.Pieces()
		require.LessOrEqual(t, checked, n)
		require.GreaterOrEqual(t, held, recorded, "what is recorded is there")
		if recorded > 0 && recorded < n {
			partial++
		}
		if strings.Contains(string(said), "complete") {
			break
		}
	}
	t.Logf("%d kills, %d with a part recorded", kills, partial)
	c, err := New(Config{Dir: dir, State: state, Listen: Off})
	require.NoError(t, err)
	tor, err := c.Add(t.Context(), torrent)
	require.NoError(t, err)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	require.NoError(t, tor.Wait(within(t)))
	require.NoError(t, c.Close())
	got, err := os.ReadFile(filepath.Join(dir, "file.bin"))
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(b), sha256.Sum256(got))
}

// afterKill returns how many pieces were recorded, how many a new client checks
// as well, and how many it then holds. The records stay as they were.
func afterKill(t *testing.T, torrent, dir, state string) (recorded, checked, held int) {
	t.Helper()
	meta, err := metainfo.ReadFile(torrent)
	require.NoError(t, err)
	folder, err := statefolder.OpenRecords(state, dir)
	require.NoError(t, err)
	record, err := linkrecord.LoadRecord(folder, meta.IDs()[0])
	require.NoError(t, err)
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(copied, os.DirFS(state)))
	c, err := New(Config{Dir: dir, State: copied, Listen: Off})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	tor, err := c.Add(t.Context(), torrent)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !tor.run().isChecking() }, time.Minute, time.Millisecond)
	s := tor.Stats()
	require.Equal(t, engine.PhaseRunning, s.Phase)
	return record.Pieces.Count(), s.ToCheck, s.Held
}

// TestKilledFetch kills a program while it fetches the metadata of a link, and when it has it. The
// fetch goes on with the peers that were named, and what was fetched is not fetched again.
func TestKilledFetch(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	seeder, err := New(Config{Dir: t.TempDir(), State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	defer seeder.Close()
	meta, content := smallTorrent(t, builder.Options{})
	source := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(source, content, 0o666))
	_, err = seeder.Seed(t.Context(), source, SeedOptions{Build: builder.Options{PieceLength: meta.Info.PieceLength}})
	require.NoError(t, err)

	link, dir, state := meta.IDs()[0].String(), t.TempDir(), t.TempDir()
	killAfter := func(peer, word string) {
		cmd := exec.Command(os.Args[0], downloader+strings.Join([]string{link, peer, dir, state}, ","))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != word {
		}
		require.Equal(t, word, lines.Text())
		cmd.Process.Kill()
		cmd.Wait() // it was killed
	}
	killAfter(silent.Addr().String(), "added")
	s, requests := newFakeSwarm(), make(chan metadata.Request, 1)
	c := newLinkClient(t, s, Config{Dir: dir, State: state})
	c.askPeers = func(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
		requests <- r
		return s.ask(ctx, r)
	}
	_, err = c.Add(t.Context(), link)
	require.NoError(t, err)
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort(silent.Addr().String())}, (<-requests).Peers)
	require.NoError(t, c.Close())

	killAfter(seeder.Addr().String(), "ready")
	c = newLinkClient(t, newFakeSwarm(), Config{Dir: dir, State: state})
	tor, err := c.Add(t.Context(), link)
	require.NoError(t, err)
	require.Equal(t, engine.PhaseRunning, tor.Stats().Phase, "the metadata is stored")
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	require.NoError(t, tor.Wait(within(t)))
}
