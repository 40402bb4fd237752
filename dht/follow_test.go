package dht_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// publisher signs the items of a feed.
type publisher struct{ private ed25519.PrivateKey }

func newPublisher(b byte) publisher {
	return publisher{ed25519.NewKeyFromSeed(append(make([]byte, 31), b))}
}

func (p publisher) feed(salt string) dht.Feed {
	return dht.Feed{Key: [32]byte(p.private.Public().(ed25519.PublicKey)), Salt: []byte(salt)}
}

func (p publisher) put(t *testing.T, n *dht.Node, salt string, seq int64, value []byte) item.Item {
	i, err := item.Sign(p.private, []byte(salt), seq, value)
	require.NoError(t, err)
	_, err = n.Put(t.Context(), i, nil)
	require.NoError(t, err)
	return i
}

// The vectors of BEP 46.
func TestFeedTarget(t *testing.T) {
	key, err := hex.DecodeString("8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e")
	require.NoError(t, err)
	require.Equal(t, "cc3f9d90b572172053626f9980ce261a850d050b", dht.Feed{Key: [32]byte(key)}.Target().String())
	require.Equal(t, "59ee7c2cb9b4f7eb1986ee2d18fd2fdb8a56554f", dht.Feed{Key: [32]byte(key), Salt: []byte("n")}.Target().String())
}

func TestVersionOf(t *testing.T) {
	hash := swarm.ID{1, 2, 3}
	v, err := dht.VersionOf(item.Item{Value: dht.VersionValue(hash), Seq: 7})
	require.NoError(t, err)
	require.Equal(t, dht.Version{Hash: hash, Seq: 7}, v)
	more := "d1:ai1e2:ih20:" + string(hash[:]) + "1:zi2ee"
	v, err = dht.VersionOf(item.Item{Value: []byte(more)})
	require.NoError(t, err)
	require.Equal(t, hash, v.Hash)
	for _, bad := range []string{"", "de", "5:hello", "d2:ihi5ee", "d2:ih19:aaaaaaaaaaaaaaaaaaae", "d2:ih21:aaaaaaaaaaaaaaaaaaaaae", "d2:ihl20:aaaaaaaaaaaaaaaaaaaaee", string(dht.VersionValue(swarm.ID{}))} {
		_, err := dht.VersionOf(item.Item{Value: []byte(bad)})
		require.ErrorIs(t, err, dht.ErrNoTorrent, bad)
	}
}

// A feed is the torrent with the highest number, and each salt is a feed of its own.
func TestResolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 20)
		p := newPublisher(1)
		_, err := nodes[9].Resolve(t.Context(), p.feed(""))
		require.ErrorIs(t, err, dht.ErrNotFound)
		p.put(t, nodes[1], "", 1, dht.VersionValue(swarm.ID{1}))
		p.put(t, nodes[2], "", 5, dht.VersionValue(swarm.ID{5}))
		p.put(t, nodes[3], "s", 2, dht.VersionValue(swarm.ID{2}))
		p.put(t, nodes[3], "text", 2, []byte("5:hello"))
		v, err := nodes[9].Resolve(t.Context(), p.feed(""))
		require.NoError(t, err)
		require.Equal(t, dht.Version{Hash: swarm.ID{5}, Seq: 5}, v)
		v, err = nodes[9].Resolve(t.Context(), p.feed("s"))
		require.NoError(t, err)
		require.Equal(t, dht.Version{Hash: swarm.ID{2}, Seq: 2}, v)
		_, err = nodes[9].Resolve(t.Context(), p.feed("text"))
		require.ErrorIs(t, err, dht.ErrNoTorrent)
		_, err = nodes[9].Resolve(t.Context(), newPublisher(2).feed(""))
		require.ErrorIs(t, err, dht.ErrNotFound)
	})
}

// A follower gets each newer torrent once, and none that is older or the same.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 20)
		p := newPublisher(1)
		ctx, stop := context.WithCancel(t.Context())
		type result struct {
			dht.Version
			err error
		}
		var got []result
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for v, err := range nodes[9].Follow(ctx, p.feed(""), dht.Version{Hash: swarm.ID{1}, Seq: 3}) {
				got = append(got, result{v, err})
			}
		}()
		next := func(d time.Duration) []result {
			time.Sleep(d)
			synctest.Wait()
			r := got
			got = nil
			return r
		}
		require.Equal(t, []result{{dht.Version{}, dht.ErrNotFound}}, next(10*time.Second))
		p.put(t, nodes[1], "", 2, dht.VersionValue(swarm.ID{9}))
		require.Empty(t, next(time.Minute), "the number is lower than what is known")
		p.put(t, nodes[1], "", 4, dht.VersionValue(swarm.ID{1}))
		require.Empty(t, next(dht.FollowEvery+time.Minute), "the torrent is the same")
		p.put(t, nodes[1], "", 5, dht.VersionValue(swarm.ID{5}))
		require.Equal(t, []result{{dht.Version{Hash: swarm.ID{5}, Seq: 5}, nil}}, next(dht.FollowEvery+time.Minute))
		p.put(t, nodes[1], "", 6, []byte("i1e"))
		require.Equal(t, []result{{dht.Version{}, dht.ErrNoTorrent}}, next(dht.FollowEvery+time.Minute))
		require.Empty(t, next(dht.FollowEvery+time.Minute), "it is reported once")
		p.put(t, nodes[1], "", 7, dht.VersionValue(swarm.ID{7}))
		require.Equal(t, []result{{dht.Version{Hash: swarm.ID{7}, Seq: 7}, nil}}, next(dht.FollowEvery+time.Minute))

		// The publisher is away for longer than items live; the follower keeps the item.
		require.Empty(t, next(5*time.Hour))
		v, err := nodes[15].Resolve(t.Context(), p.feed(""))
		require.NoError(t, err)
		require.Equal(t, dht.Version{Hash: swarm.ID{7}, Seq: 7}, v)
		stop()
		<-ended
		require.Empty(t, got)
	})
}

// The loop of a follower may end early, and ends when the node closes.
func TestFollowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 10)
		p := newPublisher(1)
		p.put(t, nodes[1], "", 0, dht.VersionValue(swarm.ID{1}))
		for v, err := range nodes[2].Follow(t.Context(), p.feed(""), dht.Version{}) {
			require.NoError(t, err)
			require.Equal(t, dht.Version{Hash: swarm.ID{1}}, v)
			break
		}
		n := w.open(t, "10.0.0.99:1", dht.Config{})
		time.AfterFunc(time.Hour, func() { n.Close() })
		seen := 0
		for _, err := range n.Follow(t.Context(), p.feed(""), dht.Version{}) {
			require.NoError(t, err)
			seen++
		}
		require.Equal(t, 1, seen)
	})
}

// An item stays while it is stored again, and is forgotten two hours after that ends.
func TestRepublish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 20)
		i := item.Item{Value: []byte("5:hello")}
		ctx, stop := context.WithCancel(t.Context())
		puts := 0
		go func() {
			for stored, err := range nodes[3].Republish(ctx, i, nil) {
				require.NoError(t, err)
				require.Equal(t, 8, stored)
				puts++
			}
		}()
		time.Sleep(4*time.Hour + time.Minute)
		synctest.Wait()
		require.Equal(t, 5, puts)
		_, err := nodes[12].Get(t.Context(), i.Target(), nil)
		require.NoError(t, err)
		stop()
		time.Sleep(2*time.Hour + 2*time.Minute)
		_, err = nodes[12].Get(t.Context(), i.Target(), nil)
		require.ErrorIs(t, err, dht.ErrNotFound)
		require.Equal(t, 5, puts)
	})
}

// Republish goes on after a failure that may pass, and ends after one that will not.
func TestRepublishFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		n := w.open(t, "10.0.0.99:1", dht.Config{})
		p := newPublisher(1)
		mine, err := item.Sign(p.private, nil, 1, []byte("i1e"))
		require.NoError(t, err)
		var errs []error
		cas := int64(0)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for _, err := range n.Republish(t.Context(), mine, &cas) {
				errs = append(errs, err)
			}
		}()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], dht.ErrNoNodes)
		others := w.many(t, 10)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.NoError(t, errs[len(errs)-1])
		p.put(t, others[1], "", 2, []byte("i2e"))
		<-ended
		var refused *krpc.Error
		require.ErrorAs(t, errs[len(errs)-1], &refused)
		require.Equal(t, krpc.SeqTooLow, refused.Code)

		for _, err := range n.Republish(t.Context(), item.Item{Value: []byte("x")}, nil) {
			require.ErrorIs(t, err, item.ErrEncoding)
		}
		require.NoError(t, n.Close())
		for _, err := range n.Republish(t.Context(), item.Item{Value: []byte("i1e")}, nil) {
			require.ErrorIs(t, err, dht.ErrClosed)
		}
	})
}

// cas counts until a Put has succeeded. After that an old version may be replaced that a node has,
// because it was away.
func TestRepublishComparesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 8)
		away := w.at("10.0.0.99:1")
		n, err := dht.Open(dht.Config{Conn4: away, Nodes: []string{first}, Routers: []string{}})
		require.NoError(t, err)
		defer n.Close()
		time.Sleep(time.Minute)
		p := newPublisher(1)
		p.put(t, nodes[1], "", 0, []byte("i0e"))
		away.setDown(true)
		p.put(t, nodes[1], "", 1, []byte("i1e"))
		mine, err := item.Sign(p.private, nil, 2, []byte("i2e"))
		require.NoError(t, err)
		cas := int64(1)
		var stored []int
		for count, err := range nodes[1].Republish(t.Context(), mine, &cas) {
			require.NoError(t, err)
			stored = append(stored, count)
			if len(stored) == 2 {
				break
			}
			time.AfterFunc(30*time.Minute, func() { away.setDown(false) })
		}
		require.Equal(t, []int{7, 8}, stored)
	})
}

// FuzzVersionOf reads the values of strangers, and what it reads it writes.
func FuzzVersionOf(f *testing.F) {
	f.Add([]byte("d2:ih20:aaaaaaaaaaaaaaaaaaaae"))
	f.Add([]byte("d1:ai1e2:ih20:aaaaaaaaaaaaaaaaaaaa1:zlee"))
	f.Add([]byte("d2:ih19:aaaaaaaaaaaaaaaaaaaei1e"))
	f.Fuzz(func(t *testing.T, value []byte) {
		v, err := dht.VersionOf(item.Item{Value: value, Seq: 3})
		if err != nil {
			return
		}
		again, err := dht.VersionOf(item.Item{Value: dht.VersionValue(v.Hash), Seq: 3})
		if err != nil || again != v || v.Hash == (swarm.ID{}) {
			t.Fatalf("%q reads as %v, and then as %v, %v", value, v, again, err)
		}
	})
}
