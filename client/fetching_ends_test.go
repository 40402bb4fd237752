package client

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// A deaf source does not answer.
type deaf struct{ asked chan struct{} }

func (d deaf) Announce(ctx context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	if a.Event == swarm.Started {
		d.asked <- struct{}{}
		<-ctx.Done()
	}
	return swarm.Answer{}, ctx.Err()
}

// silentPeer accepts connections and says nothing. It returns its address, and what ends it.
func silentPeer(t *testing.T) (netip.AddrPort, func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all []net.Conn
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all = append(all, c)
		}
	})
	return connect.AddrPort(l.Addr()), func() {
		l.Close()
		done.Wait()
		for _, c := range all {
			c.Close()
		}
	}
}

// However a fetch ends, no goroutine of it is left when the client is closed. Meanwhile one peer
// is silent and one source does not answer.
func TestFetchGoroutinesEnd(t *testing.T) {
	meta, content := smallTorrent(t, builder.Options{})
	path := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(path, content, 0o666))
	type fetch struct {
		*Client
		tor  *Torrent
		seed netip.AddrPort
	}
	for name, end := range map[string]func(f fetch) error{
		"success": func(f fetch) error {
			f.tor.AddPeers(f.seed)
			return f.tor.Wait(t.Context())
		},
		"failure": func(f fetch) error {
			f.tor.AddPeers(f.seed)
			f.tor.Ready(t.Context()) // it cannot succeed
			return nil
		},
		"xs":     func(f fetch) error { return f.tor.Ready(t.Context()) },
		"file":   func(f fetch) error { _, err := f.Add(t.Context(), meta); return err },
		"Remove": func(f fetch) error { return f.Remove(f.tor, Keep) },
		"Pause":  func(f fetch) error { return f.tor.Pause() },
		"Close":  func(f fetch) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			silent, stop := silentPeer(t)
			web := httptest.NewServer(serveFile(t, meta))
			seeder, err := New(Config{Dir: t.TempDir(), State: Off, Listen: "127.0.0.1:0"})
			require.NoError(t, err)
			_, err = seeder.Seed(t.Context(), path, SeedOptions{Build: builder.Options{PieceLength: 16 << 10}})
			require.NoError(t, err)
			c, err := New(Config{Dir: t.TempDir(), State: t.TempDir(), Listen: "127.0.0.1:0", HTTP: http.DefaultClient})
			require.NoError(t, err)
			link, source := &metainfo.Magnet{HashV1: meta.Info.HashV1}, deaf{make(chan struct{}, 10)}
			switch name {
			case "xs":
				link.Sources = []string{web.URL}
			case "failure":
				link.HashV2 = [32]byte{1}
			}
			tor, err := c.Add(t.Context(), link, AddOptions{Peers: []netip.AddrPort{silent}, Sources: []swarm.PeerSource{source}})
			require.NoError(t, err)
			<-source.asked
			require.NoError(t, end(fetch{c, tor, seeder.Addr()}))
			require.NoError(t, c.Close())
			require.NoError(t, seeder.Close())
			stop()
			http.DefaultClient.CloseIdleConnections()
			web.Close()
			for range 1000 { // what ends takes its time
				if runtime.NumGoroutine() <= before {
					break
				}
				runtime.GC()
			}
			require.LessOrEqual(t, runtime.NumGoroutine(), before)
		})
	}
}
