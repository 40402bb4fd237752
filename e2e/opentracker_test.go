package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
	"github.com/stretchr/testify/require"
)

// startOpentracker starts opentracker on loopback, for some swarms. It listens at one port
// over TCP and UDP.
func startOpentracker(t *testing.T, ids ...swarm.ID) (address string) {
	t.Helper()
	if _, err := exec.LookPath("opentracker"); err != nil {
		lack(t, "opentracker is not installed: %v", err)
	}
	here := loopback()
	port := strconv.Itoa(int(here.freePort(t)))
	// It serves only swarms of a list, which it reads as the user nobody.
	dir, err := os.MkdirTemp("", "shoal-e2e-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	list := ""
	for _, id := range ids {
		list += id.String() + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "list"), []byte(list), 0o644))
	args := []string{"-i", here.theirs.String(), "-p", port, "-P", port, "-d", dir, "-w", "list"}
	if os.Geteuid() != 0 {
		args[len(args)-1] = filepath.Join(dir, "list") // only root can make dir its root
	}
	p := launch(t, here.namespace, "opentracker", args...)
	address = here.theirs.String() + ":" + port
	require.NoError(t, p.poll(within(t), func() bool {
		// It reads the list a moment after it listens.
		counts, err := httptracker.Scrape(t.Context(), "http://"+address+"/announce", httptracker.Config{}, ids...)
		_, errAnnounce := httptracker.Announce(t.Context(), "http://"+address+"/announce", swarm.Announcement{Swarm: ids[0], Event: swarm.Stopped, Port: 1}, httptracker.Config{})
		return err == nil && errAnnounce == nil && counts != nil
	}))
	return address
}

// TestOpentracker has two engines meet through opentracker, over HTTP and over UDP.
func TestOpentracker(t *testing.T) {
	t.Parallel()
	s := shape{"", 64 << 10, []int64{1<<20 + 321}}
	content := s.make(t, 11)
	tor, _ := content.torrent(t, builder.Options{PieceLength: s.pieceLength})
	id := tor.IDs()[0]
	address := startOpentracker(t, id)
	udp := udptracker.NewTrackers(udptracker.Config{})
	t.Cleanup(udp.Close)
	open := map[string]func(t *testing.T) swarm.PeerSource{
		"http": func(t *testing.T) swarm.PeerSource {
			k, err := httptracker.New("http://"+address+"/announce", httptracker.Config{})
			require.NoError(t, err)
			return k
		},
		"udp": func(t *testing.T) swarm.PeerSource {
			k, err := udp.New("udp://" + address + "/announce?a=b")
			require.NoError(t, err)
			return k
		},
	}
	for seeds, openSeeds := range open {
		for leeches, openLeeches := range open {
			t.Run(seeds+" to "+leeches, func(t *testing.T) {
				seed := startShoal(t, loopback().ours, engine.Config{})
				seed.seed(t, tor, content.dir, openSeeds(t))
				seed.announced(t)
				dir := t.TempDir()
				mine := startShoal(t, loopback().ours, engine.Config{}).get(t, tor, dir, openLeeches(t))
				require.NoError(t, mine.Wait(within(t)))
				content.requireEqual(t, dir, false)
				counts, err := udptracker.Scrape(t.Context(), "udp://"+address, udptracker.Config{}, id)
				require.NoError(t, err)
				require.Equal(t, 2, counts[id].Seeds+counts[id].Leechers)
			})
		}
	}
	// All left, and said so.
	counts, err := udptracker.Scrape(t.Context(), "udp://"+address, udptracker.Config{}, id)
	require.NoError(t, err)
	require.Zero(t, counts[id].Seeds+counts[id].Leechers)
	_, err = udptracker.Announce(t.Context(), "udp://"+address, swarm.Announcement{Swarm: swarm.ID{1}, Event: swarm.Started, Port: 1}, udptracker.Config{})
	var refused *udptracker.FailureError
	require.ErrorAs(t, err, &refused)
	require.Zero(t, udp.Ignored())
}
