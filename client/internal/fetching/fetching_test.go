package fetching

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A fakeHost is a client whose peers have what answer gives.
type fakeHost struct {
	answer  chan []byte
	start   func(Found) error // nil accepts
	started chan *metainfo.Torrent
	calls   sync.WaitGroup

	mu       sync.Mutex
	events   []engine.Event
	warnings []error
	locked   bool
	removed  bool
}

func newHost() *fakeHost {
	return &fakeHost{answer: make(chan []byte, 1), started: make(chan *metainfo.Torrent, 1)}
}

func (h *fakeHost) BeginCall() error { h.calls.Add(1); return nil }
func (h *fakeHost) EndCall()         { h.calls.Done() }
func (h *fakeHost) CallContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
func (h *fakeHost) LockFiles() error                  { h.do(func() { h.locked = true }); return nil }
func (h *fakeHost) UnlockFiles()                      { h.do(func() { h.locked = false }) }
func (h *fakeHost) SharedSources() []swarm.PeerSource { return nil }
func (h *fakeHost) SuggestNodes([]string)             {}
func (h *fakeHost) Report(e engine.Event)             { h.do(func() { h.events = append(h.events, e) }) }
func (h *fakeHost) Warn(err error)                    { h.do(func() { h.warnings = append(h.warnings, err) }) }
func (h *fakeHost) Ended()                            {}
func (h *fakeHost) Removed()                          { h.do(func() { h.removed = true }) }

func (h *fakeHost) Ask(ctx context.Context, r metadata.Request) (*magnet.Result, error) {
	select {
	case info := <-h.answer:
		return &magnet.Result{Info: info}, nil
	case <-r.Stop:
		return new(magnet.Result), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *fakeHost) Start(_ context.Context, meta *metainfo.Torrent, from Found) error {
	if h.start != nil {
		return h.start(from)
	}
	h.started <- meta
	return nil
}

func (h *fakeHost) do(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// kinds returns the kinds of the events.
func (h *fakeHost) kinds() (all []engine.EventMask) {
	h.do(func() {
		for _, e := range h.events {
			all = append(all, e.Kind())
		}
	})
	return all
}

// A running torrent notes what users do.
type running struct{ did []string }

func (r *running) note(what string) error {
	r.did = append(r.did, what)
	return nil
}

func (r *running) Ready(context.Context) error                      { return r.note("Ready") }
func (r *running) Pause() error                                     { return r.note("Pause") }
func (r *running) Resume() error                                    { return r.note("Resume") }
func (r *running) Recheck(context.Context) error                    { return r.note("Recheck") }
func (r *running) AddPeers(...netip.AddrPort) error                 { return r.note("AddPeers") }
func (r *running) Ban(netip.Addr)                                   { r.note("Ban") }
func (r *running) AddSource(swarm.PeerSource) error                 { return r.note("AddSource") }
func (r *running) RemoveSource(swarm.PeerSource)                    { r.note("RemoveSource") }
func (r *running) Announce()                                        { r.note("Announce") }
func (r *running) SetTrackers([][]string) error                     { return r.note("SetTrackers") }
func (r *running) AddLink(*metainfo.Magnet, []netip.AddrPort) error { return r.note("AddLink") }

// newFetch returns a torrent that is fetched for h, and the torrent itself.
func newFetch(t *testing.T, h *fakeHost, folder *resume.Folder) (*Torrent, *metainfo.Torrent) {
	t.Helper()
	meta, err := builder.Options{PieceLength: 16 << 10}.Bytes(t.Context(), "name", make([]byte, 20_000))
	require.NoError(t, err)
	config := Config{
		Host:     h,
		Link:     &metainfo.Magnet{HashV1: meta.Info.HashV1},
		Dir:      t.TempDir(),
		Trackers: trackers.New(meta.IDs()[0], new(trackers.Config)),
	}
	if folder != nil {
		config.Records = func(string) (*resume.Folder, error) { return folder, nil }
	}
	f := New(config)
	stored, err := f.Open()
	require.NoError(t, err)
	require.Nil(t, stored)
	t.Cleanup(func() {
		f.Close(errClosed)
		h.calls.Wait()
	})
	return f, meta
}

var errClosed = errors.New("closed")

// TestForward has what users do reach the torrent that a fetch has become.
func TestForward(t *testing.T) {
	h := newHost()
	f, meta := newFetch(t, h, nil)
	f.Ban(netip.MustParseAddr("192.0.2.1"))
	require.NoError(t, f.AddPeers(netip.MustParseAddrPort("192.0.2.2:1")))
	_, err := f.Metainfo()
	require.ErrorIs(t, err, ErrNoMetadata)
	f.Start()
	h.answer <- meta.Info.Raw
	require.Equal(t, meta.Info.HashV1, (<-h.started).Info.HashV1)
	require.True(t, f.Take())
	require.False(t, f.Take(), "somebody ends it")
	r := new(running)
	w := f.Become(r)
	require.Len(t, w.Banned, 1)
	require.Len(t, w.Peers, 1)
	require.False(t, f.Take(), "it has ended")

	require.NoError(t, f.Ready(t.Context()))
	require.NoError(t, f.Pause())
	require.NoError(t, f.Resume())
	require.NoError(t, f.Recheck(t.Context()))
	require.NoError(t, f.AddPeers(netip.MustParseAddrPort("192.0.2.3:1")))
	f.Ban(netip.MustParseAddr("192.0.2.4"))
	require.NoError(t, f.AddSource(swarm.List{}))
	f.RemoveSource(swarm.List{})
	f.Announce()
	require.NoError(t, f.SetTrackers(nil))
	require.NoError(t, f.AddLink(f.Link(), nil))
	want := []string{"Ready", "Pause", "Resume", "Recheck", "AddPeers", "Ban", "AddSource", "RemoveSource", "Announce", "SetTrackers", "AddLink"}
	require.Equal(t, want, r.did)
	again, err := f.Remove(true, errClosed)
	require.NoError(t, err)
	require.True(t, again, "the torrent that runs is to be removed")
}

// TestFailAndResume fails with the error of the host, and starts a job again on Resume, but not if
// the metadata is the same each time and useless.
func TestFailAndResume(t *testing.T) {
	h := newHost()
	errStart := errors.New("the disk is full")
	h.start = func(Found) error { return errStart }
	f, meta := newFetch(t, h, nil)
	f.Start()
	h.answer <- meta.Info.Raw
	require.ErrorIs(t, f.Ready(t.Context()), errStart)
	require.Equal(t, engine.PhaseFailed, f.Stats().Phase)
	f.AwaitJob()
	errStart = metadata.ErrPieceLayers
	require.NoError(t, f.Resume())
	require.Equal(t, engine.PhaseFetching, f.Stats().Phase)
	h.answer <- meta.Info.Raw
	require.ErrorIs(t, f.Ready(t.Context()), metadata.ErrPieceLayers)
	f.AwaitJob()
	require.NoError(t, f.Resume())
	require.Equal(t, engine.PhaseFailed, f.Stats().Phase)
	require.Equal(t, []engine.EventMask{engine.OnFailed, engine.OnResumed, engine.OnFailed}, h.kinds())
}

// TestHandOver has a job that comes too late leave what it knows to the one that has the token.
func TestHandOver(t *testing.T) {
	h := newHost()
	wants, goOn := make(chan struct{}), make(chan struct{})
	var job *magnet.Result
	h.start = func(from Found) error {
		job = from.Result
		close(wants)
		<-goOn
		<-from.HandOver
		return ErrHandedOver
	}
	f, meta := newFetch(t, h, nil)
	require.True(t, f.Take())
	f.Start()
	h.answer <- meta.Info.Raw
	<-wants
	close(goOn)
	require.Same(t, job, f.HandOver())
	f.Release()
	require.Equal(t, engine.PhaseFetching, f.Stats().Phase, "it has not failed")
}

// TestRemove deletes the record, and only with the content if no former run made any.
func TestRemove(t *testing.T) {
	for _, test := range []struct {
		name    string
		owned   []string
		content bool
		err     error
	}{
		{"without content", []string{"name"}, false, nil},
		{"with content that nobody made", nil, true, nil},
		{"with content", []string{"name"}, true, errNoFiles},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder, err := resume.OpenFolder(t.TempDir())
			require.NoError(t, err)
			h := newHost()
			f, _ := newFetch(t, h, folder)
			require.True(t, h.locked)
			id := f.IDs()[0]
			r, err := linkrecord.LoadRecord(folder, id)
			require.NoError(t, err)
			r.Owned = slices.Clone(test.owned)
			require.NoError(t, folder.Save(r))
			f.Start()
			_, err = f.Remove(test.content, errClosed)
			require.ErrorIs(t, err, test.err)
			require.ErrorIs(t, f.Ready(t.Context()), errClosed)
			require.ErrorIs(t, f.Pause(), errClosed)
			require.False(t, h.locked)
			require.True(t, h.removed)
			if test.err == nil {
				require.NoDirExists(t, folder.Path(id))
			} else {
				require.DirExists(t, folder.Path(id))
			}
			_, err = f.Remove(false, errClosed)
			require.ErrorIs(t, err, errClosed)
		})
	}
}
