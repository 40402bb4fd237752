package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/shoal-bt/shoal/udptracker"
	"github.com/stretchr/testify/require"
)

// smallChoice is the size of the content of tests that move it once, in bytes.
const smallChoice = 24 << 20

// otherFile is a file of a choice that begins and ends within a piece in v1.
const otherFile = "1 before.bin"

// TestChoosePartialSeed has libtorrent, which wants everything, meet us while we have one file. It
// gets that file from us and sees that we want nothing, and then that we want the rest.
func TestChoosePartialSeed(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	for _, f := range formats {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			p := startPartialSeed(t, lt.place(t), builder.Options{Format: f}, ourTracker)
			dir := t.TempDir()
			theirs := lt.start(t, p.here, job{
				torrent: p.file,
				dir:     dir,
				dial:    []netip.AddrPort{p.ours.Addr()},
				limit:   512 << 10, // when it has all that we have, it leaves
			})
			theirs.prints(t, "upload_only 1")
			wantAll(t, p.mine)
			theirs.prints(t, "upload_only 0")
			theirs.send(t, "unlimited")
			theirs.prints(t, "has "+p.path(wantedFile))
			require.False(t, p.mine.Stats().Finished())
			require.GreaterOrEqual(t, p.mine.Stats().Up.Total, int64(wantedLength))
			p.complete(t)
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			p.requireAll(t, dir)
			p.requireAnnounces(t)
		})
	}
}

// TestChoosePartialSeedTransmission has Transmission, which wants one file, download it from us while
// we have no other one.
func TestChoosePartialSeedTransmission(t *testing.T) {
	t.Parallel()
	c := transmission{}
	need(t, c)
	p := startPartialSeed(t, c.place(t), builder.Options{}, ourTracker)
	dir := t.TempDir()
	theirs := c.start(t, p.here, job{torrent: p.file, dir: dir, wants: []string{p.path(wantedFile)}})
	require.NoError(t, theirs.whole(within(t)))
	theirs.kill()
	p.requireFile(t, dir, wantedFile)
	require.GreaterOrEqual(t, p.mine.Stats().Up.Total, int64(wantedLength))
	p.complete(t)
	p.requireAnnounces(t)
}

// TestChooseOpentracker counts what opentracker counts of a partial seed, and of a seed.
func TestChooseOpentracker(t *testing.T) {
	t.Parallel()
	var address string
	p := startPartialSeed(t, loopback(), builder.Options{}, func(t *testing.T, id swarm.ID) http.Handler {
		address = startOpentracker(t, id)
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
		proxy.Transport = &http.Transport{DisableKeepAlives: true}
		// It wants to hear from a client each half an hour, and no sooner.
		interval := regexp.MustCompile(`intervali\d+e`)
		proxy.ModifyResponse = func(r *http.Response) error {
			b, err := io.ReadAll(r.Body)
			r.Body.Close()
			b = interval.ReplaceAll(b, []byte("intervali2e"))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
			r.Header.Set("Content-Length", strconv.Itoa(len(b)))
			return err
		}
		return proxy
	})
	counts := func() (seeds, leechers, completed int) {
		id := p.mine.ID()
		all, err := udptracker.Scrape(t.Context(), "udp://"+address, udptracker.Config{}, id)
		require.NoError(t, err)
		return all[id].Seeds, all[id].Leechers, all[id].Completed
	}
	seeds, leechers, completed := counts()
	require.Equal(t, []int{0, 1, 0}, []int{seeds, leechers, completed})
	p.complete(t)
	p.log.await(t, "completed")
	until(t, func() bool {
		seeds, leechers, completed = counts()
		return seeds > 0
	})
	require.Equal(t, []int{1, 0, 1}, []int{seeds, leechers, completed})
	p.requireAnnounces(t)
}

// TestChooseExchange has libtorrent and us download one file each from a seed that then leaves. Each
// wants the other's file next, and gets it from the other one, which has nothing else.
func TestChooseExchange(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	for _, f := range formats {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			p := startPartialSeed(t, lt.place(t), builder.Options{Format: f}, ourTracker)
			p.source.Resume()
			dir := t.TempDir()
			theirs := lt.start(t, p.here, job{
				torrent: p.file,
				dir:     dir,
				dial:    []netip.AddrPort{p.seed.Addrs()[0]},
				wants:   []string{p.path(otherFile)},
			})
			require.NoError(t, theirs.whole(within(t)))
			p.requireFile(t, dir, otherFile)
			p.leave(t)

			// We want what only libtorrent has.
			other, err := p.mine.File(p.path(otherFile))
			require.NoError(t, err)
			require.NoError(t, other.SetPriority(shoalclient.HighestPriority))
			require.NoError(t, p.mine.AddPeers(theirs.addr))
			other, err = p.mine.File(p.path(otherFile))
			require.NoError(t, err)
			require.NoError(t, other.Wait(within(t)), "%+v", p.mine.Stats())
			require.NoError(t, p.mine.Wait(within(t)))
			p.requireFile(t, p.target, otherFile)

			// It wants what only we have.
			theirs.skip()
			theirs.send(t, "want "+p.path(wantedFile))
			theirs.send(t, "dial "+p.ours.Addr().String())
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			p.requireFile(t, dir, wantedFile)
			p.requireFile(t, dir, otherFile)
			require.Zero(t, p.log.count("completed"), "it has two files of six")
		})
	}
}

// A partialSeed is a client of ours that has the wanted file and nothing else, and the seed that it
// has it from, which has left.
type partialSeed struct {
	choice
	here   place
	file   string // the .torrent file
	seed   *shoal
	source *engine.Torrent // of the seed
	log    *announceLog
	ours   *shoalclient.Client
	mine   *shoalclient.Torrent
	target string // the folder that ours downloads to
}

// startPartialSeed returns one whose tracker knows that it is a partial seed.
func startPartialSeed(t *testing.T, here place, o builder.Options, tracker func(*testing.T, swarm.ID) http.Handler) *partialSeed {
	t.Helper()
	p := &partialSeed{choice: makeChoice(t, smallChoice), here: here, target: t.TempDir(), log: new(announceLog)}
	o.PieceLength = choosePiece
	l := listen(t, here.ours)
	announce := "http://" + l.Addr().String() + "/announce"
	o.Tiers = [][]string{{announce}}
	tor, file := p.torrent(t, o)
	p.file = file
	p.seed = startShoal(t, here.ours, engine.Config{})
	p.source = p.seed.seed(t, tor, p.content.dir)

	var err error
	p.ours, err = shoalclient.New(shoalclient.Config{Dir: p.target, State: shoalclient.Off, Listen: here.ours.String() + ":0"})
	require.NoError(t, err)
	t.Cleanup(func() { p.ours.Close() })
	p.log.of = p.ours.PeerID()
	p.log.Handler = tracker(t, tor.IDs()[0])
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: p.log}}
	server.Start()
	t.Cleanup(server.Close)
	p.mine, err = p.ours.Add(t.Context(), p.file, p.only(wantedFile))
	require.NoError(t, err)
	p.log.await(t, "started")
	require.NoError(t, p.mine.AddPeers(p.seed.Addrs()[0]))
	require.NoError(t, p.mine.Wait(within(t)), "%+v", p.mine.Stats())
	p.requireFile(t, p.target, wantedFile)
	p.log.await(t, "paused")
	require.Zero(t, p.log.count("completed"))
	p.leave(t)
	return p
}

// leave has the seed leave.
func (p *partialSeed) leave(t *testing.T) {
	t.Helper()
	p.source.Pause()
	until(t, func() bool { return len(p.source.Peers()) == 0 })
}

// complete has the seed come back, and us download the rest from it.
func (p *partialSeed) complete(t *testing.T) {
	t.Helper()
	require.Zero(t, p.log.count("completed"))
	p.source.Resume()
	wantAll(t, p.mine)
	// It dials us, because we may have tried in vain meanwhile.
	p.source.AddPeers(swarm.Address{AddrPort: p.ours.Addr()})
	require.NoError(t, p.mine.Wait(within(t)), "%+v", p.mine.Stats())
	require.True(t, p.mine.Stats().Complete())
	p.requireAll(t, p.target)
}

// requireAnnounces closes ours, and fails the test unless it said once that it is complete.
func (p *partialSeed) requireAnnounces(t *testing.T) {
	t.Helper()
	p.log.await(t, "completed")
	require.NoError(t, p.ours.Close())
	require.Equal(t, p.log.swarms(), p.log.count("completed"))
	require.Equal(t, p.log.swarms(), p.log.count("started"))
	require.Equal(t, p.log.swarms(), p.log.count("stopped"))
}

// requireFile fails the test unless dir has a file as it is.
func (c choice) requireFile(t *testing.T, dir, name string) {
	t.Helper()
	requireSameFile(t, filepath.Join(c.dir, c.name, name), filepath.Join(dir, c.name, name))
}

// ourTracker returns our tracker, with which clients announce each few seconds.
func ourTracker(*testing.T, swarm.ID) http.Handler {
	return trackerserver.New(trackerserver.Config{Interval: 2 * time.Second, Expiry: 2 * limit})
}

// An announceLog is a tracker that notes the events of one client. It leaves out those that were
// refused or not answered, because the client says them again.
type announceLog struct {
	http.Handler
	of swarm.PeerID

	mu     sync.Mutex
	events map[string][]string // by swarm
}

// ServeHTTP implements http.Handler.
func (l *announceLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := &heardAnswer{ResponseWriter: w}
	l.Handler.ServeHTTP(answer, r)
	q := r.URL.Query()
	if q.Get("peer_id") != string(l.of[:]) || answer.failed {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.events == nil {
		l.events = make(map[string][]string)
	}
	id := q.Get("info_hash")
	l.events[id] = append(l.events[id], q.Get("event"))
}

// A heardAnswer notes whether an answer to an announce is a failure.
type heardAnswer struct {
	http.ResponseWriter
	failed bool
}

// WriteHeader implements http.ResponseWriter.
func (a *heardAnswer) WriteHeader(status int) {
	a.failed = a.failed || status != http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *heardAnswer) Write(b []byte) (int, error) {
	a.failed = a.failed || bytes.Contains(b, []byte("failure reason"))
	return a.ResponseWriter.Write(b)
}

// count returns how often an event came, in all swarms of the torrent.
func (l *announceLog) count(event string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, events := range l.events {
		for _, e := range events {
			if e == event {
				n++
			}
		}
	}
	return n
}

// swarms returns the number of swarms that were announced: two of a hybrid.
func (l *announceLog) swarms() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

// await waits until an event came in each swarm.
func (l *announceLog) await(t *testing.T, event string) {
	t.Helper()
	until(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, events := range l.events {
			if !slices.Contains(events, event) {
				return false
			}
		}
		return len(l.events) > 0
	})
}

// prints waits until the process prints a line.
func (p *process) prints(t *testing.T, line string) {
	t.Helper()
	require.NoError(t, p.line(within(t), func(s string) bool { return s == line }), "it did not print %q", line)
}

// send writes a line to the standard input of the process.
func (p *process) send(t *testing.T, line string) {
	t.Helper()
	_, err := io.WriteString(p.stdin, line+"\n")
	require.NoError(t, err)
}
