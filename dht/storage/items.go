package storage

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	itemsFor     = 2 * time.Hour // after the last put
	maxItems     = 2_000         // in all
	maxItemsEach = 50            // of one address, or one /64
)

// Items are the items that others put here. The zero Items is empty.
type Items struct {
	all     map[nodeid.ID]stored
	holders map[netip.Addr]int
}

type stored struct {
	item.Item
	holder netip.Addr // who put it first
	at     time.Time
}

// Put stores an item that was checked, or that somebody still wants it. cas is nil, or the
// number that the stored one must have. The item's slices are copied. The error is a
// *krpc.Error for who sent it.
func (s *Items) Put(now time.Time, self nodeid.ID, i item.Item, cas *int64, from netip.Addr) error {
	if s.all == nil {
		s.all, s.holders = make(map[nodeid.ID]stored), make(map[netip.Addr]int)
	}
	target := i.Target()
	old, ok := s.all[target]
	if ok {
		err := mayReplace(&old.Item, &i, cas)
		if err != nil {
			return err
		}
		old.at = now
		if i.Seq != old.Seq {
			old.Item = clone(i)
		}
		s.all[target] = old
		return nil
	}
	holder := holderOf(from)
	if s.holders[holder] >= maxItemsEach {
		return &krpc.Error{Code: krpc.ServerError, Text: "the address has stored enough"}
	}
	if len(s.all) >= maxItems {
		s.makeRoom(self)
	}
	s.all[target] = stored{clone(i), holder, now}
	s.holders[holder]++
	return nil
}

// mayReplace applies the rules of mutable items (https://www.bittorrent.org/beps/bep_0044.html,
// "Mutable Items" and "CAS").
func mayReplace(old, i *item.Item, cas *int64) error {
	switch {
	case !i.IsMutable():
		return nil // the target is the hash of the value, so it is the same
	case cas != nil && *cas != old.Seq:
		return &krpc.Error{Code: krpc.CasMismatch, Text: "the sequence number is another one"}
	case i.Seq < old.Seq:
		return &krpc.Error{Code: krpc.SeqTooLow, Text: "the sequence number is less than the stored one"}
	case i.Seq == old.Seq && !bytes.Equal(i.Value, old.Value):
		return &krpc.Error{Code: krpc.SeqTooLow, Text: "another value has the same sequence number"}
	}
	return nil
}

func clone(i item.Item) item.Item {
	return item.Item{Value: bytes.Clone(i.Value), Key: bytes.Clone(i.Key), Salt: bytes.Clone(i.Salt), Seq: i.Seq, Sig: bytes.Clone(i.Sig)}
}

// makeRoom drops the items that are farthest from our id.
func (s *Items) makeRoom(self nodeid.ID) {
	for _, target := range farthestFirst(self, s.all)[:maxItems/roomShare] {
		s.drop(target)
	}
}

func (s *Items) drop(target nodeid.ID) {
	holder := s.all[target].holder
	s.holders[holder]--
	if s.holders[holder] == 0 {
		delete(s.holders, holder)
	}
	delete(s.all, target)
}

// Get returns the item of a target. Its slices must not be changed.
func (s *Items) Get(target nodeid.ID) (i item.Item, ok bool) {
	o, ok := s.all[target]
	return o.Item, ok
}

// Expire forgets the items that nobody has put for two hours.
func (s *Items) Expire(now time.Time) {
	for target, o := range s.all {
		if now.Sub(o.at) >= itemsFor {
			s.drop(target)
		}
	}
}

// Len returns how many items there are.
func (s *Items) Len() int { return len(s.all) }
