package dht

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
)

// FollowEvery is after how long Follow looks for a newer version.
const FollowEvery = 15 * time.Minute

// ErrNoTorrent means that the newest item of a Feed names no torrent.
var ErrNoTorrent = errors.New("dht: the item names no torrent")

// A Feed is where somebody publishes the info hashes of torrents, one at a time, each newer
// than the last (https://www.bittorrent.org/beps/bep_0046.html).
type Feed struct {
	Key  [32]byte // Ed25519 public key
	Salt []byte   // up to 64 bytes; nil for none
}

// Target returns where the items of the feed are stored.
func (f Feed) Target() nodeid.ID { return item.MutableTarget(f.Key[:], f.Salt) }

// A Version is a torrent of a Feed.
type Version struct {
	Hash swarm.ID // v1 info hash
	Seq  int64    // grows with each version
}

// VersionValue returns the value of an item that names a torrent, to be signed and put.
func VersionValue(hash swarm.ID) []byte {
	b := bencode.AppendString(bencode.AppendDict(nil), "ih")
	return bencode.AppendEnd(bencode.AppendBytes(b, hash[:]))
}

// VersionOf returns the torrent that an item names, or ErrNoTorrent. Other keys of its value
// are ignored.
func VersionOf(i item.Item) (Version, error) {
	v, err := bencode.Scan(i.Value, bencode.Options{})
	if err != nil {
		return Version{}, ErrNoTorrent
	}
	hash, err := v.GetBytes("ih")
	isHash := err == nil && len(hash) == len(swarm.ID{}) && swarm.ID(hash) != swarm.ID{}
	if !isHash {
		return Version{}, ErrNoTorrent
	}
	return Version{swarm.ID(hash), i.Seq}, nil
}

// Resolve returns the newest torrent of a feed: that with the highest sequence number that
// any of the nearest nodes has. The error is ErrNotFound if none has one, and ErrNoTorrent if
// the newest item names none.
func (n *Node) Resolve(ctx context.Context, f Feed) (Version, error) {
	i, err := n.Get(ctx, f.Target(), f.Salt)
	if err != nil {
		return Version{}, err
	}
	return VersionOf(i)
}

// Follow yields the newest torrent of a feed and then each newer one, until ctx is done, the
// node is closed, or the loop ends. known is what the caller knows already, zero for nothing;
// only a version with a higher sequence number and another hash is yielded. A search that
// fails yields its error and is repeated. The newest item is stored again once an hour, so
// that it stays in the DHT while somebody follows it (BEP 46, "Consuming content").
func (n *Node) Follow(ctx context.Context, f Feed, known Version) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		s := follower{known: known, hasSeq: known != Version{}}
		for {
			i, err := n.Get(ctx, f.Target(), f.Salt)
			if ctx.Err() != nil || errors.Is(err, ErrClosed) {
				return
			}
			wait, isNew := retryAnnounce, false
			if err == nil {
				wait = FollowEvery
				isNew, err = s.take(i)
			}
			hasResult := isNew || err != nil
			if hasResult && !yield(s.result(isNew), err) {
				return
			}
			if s.shouldPut(time.Now()) {
				n.Put(ctx, s.newest, nil) // the next search says whether it is there
			}
			if !n.sleep(ctx, wait) {
				return
			}
		}
	}
}

// A follower is what Follow knows of a feed.
type follower struct {
	known  Version // the newest torrent; its number is that of the newest item
	hasSeq bool    // an item was seen, or known was given
	newest item.Item
	putAt  time.Time // when newest should be stored again
}

// take takes an item that was found, and reports whether it names another torrent.
func (s *follower) take(i item.Item) (isNew bool, err error) {
	if !s.hasSeq || i.Seq >= s.known.Seq {
		s.newest = i
	}
	if s.hasSeq && i.Seq <= s.known.Seq {
		return false, nil
	}
	s.hasSeq, s.known.Seq = true, i.Seq
	found, err := VersionOf(i)
	if err != nil {
		return false, err
	}
	isNew = found.Hash != s.known.Hash
	s.known = found
	return isNew, nil
}

// result is what Follow yields.
func (s *follower) result(isNew bool) Version {
	if !isNew {
		return Version{}
	}
	return s.known
}

// shouldPut reports, once an hour, whether there is an item to store again.
func (s *follower) shouldPut(now time.Time) bool {
	if !s.newest.IsMutable() || now.Before(s.putAt) {
		return false
	}
	s.putAt = now.Add(RepublishEvery)
	return true
}
