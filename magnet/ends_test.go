package magnet

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// However a fetch ends, its goroutines end: the bubble fails if one is left. Meanwhile peers
// talk, are silent, do not shake hands and do not answer a dial, and sources do not answer.
func TestGoroutinesEnd(t *testing.T) {
	info := randomInfo(40_000)
	for name, end := range map[string]struct {
		change func(o *Options)
		after  func(f *Fetcher, cancel func())
	}{
		"success":       {after: func(f *Fetcher, _ func()) { f.AddPeers(at("10.0.0.5:1")) }},
		"failure":       {change: func(o *Options) { o.HashV2 = [32]byte{1} }, after: func(f *Fetcher, _ func()) { f.AddPeers(at("10.0.0.5:1")) }},
		"cancel":        {after: func(_ *Fetcher, cancel func()) { cancel() }},
		"Stop":          {after: func(f *Fetcher, _ func()) { f.Stop() }},
		"Stop, cancel":  {after: func(f *Fetcher, cancel func()) { f.Stop(); cancel() }},
		"closed dialer": {after: func(f *Fetcher, cancel func()) { f.options.Connector.Close(); time.AfterFunc(time.Second, cancel) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				silent := func(c net.Conn) { discard(c) }
				n := &network{peers: map[string]remote{
					"10.0.0.1:1": {trip, (&seeder{info: info, mute: true}).serve},
					"10.0.0.2:1": {trip, silent},
					"10.0.0.3:1": {time.Hour, silent},
					"10.0.0.4:1": {trip, func(net.Conn) {}},
					"10.0.0.5:1": {trip, (&seeder{info: info}).serve},
				}}
				o := options(info, n, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.6:1")
				o.Sources = []swarm.PeerSource{&tracker{hangs: true}, &tracker{peers: []swarm.Address{at("10.0.0.1:1")}}}
				if end.change != nil {
					end.change(&o)
				}
				f, err := New(o)
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(20*time.Second, func() { end.after(f, cancel) })
				result, _ := f.Run(ctx)
				result.Close()
				n.done.Wait()
				time.Sleep(time.Second) // until the other ends of the connections have ended
			})
		})
	}
}
