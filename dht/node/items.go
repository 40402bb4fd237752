package node

import (
	"bytes"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
)

// takeItem takes an item that a node has, if it is right and newer than what others had.
func (s *State) takeItem(t *task, m *krpc.Message) {
	if m.Value == nil {
		return
	}
	i := item.Item{Value: m.Value, Key: m.Key, Seq: m.Seq, Sig: m.Sig}
	if i.IsMutable() {
		i.Salt = t.salt()
	}
	isNewer := t.newest == nil || i.Seq > t.newest.Seq
	if i.Target() != t.target || !isNewer || i.Check() != nil {
		return
	}
	t.newest = &item.Item{
		Value: bytes.Clone(i.Value),
		Key:   bytes.Clone(i.Key),
		Salt:  bytes.Clone(i.Salt),
		Seq:   i.Seq,
		Sig:   bytes.Clone(i.Sig),
	}
	s.report(ItemEvent{t.id, *t.newest})
}

// isSame reports whether a node has the version of the mutable item that is to be stored.
func (t *task) isSame(m *krpc.Message) bool {
	i := &t.Request.Item
	return t.Method == krpc.Put && i.IsMutable() && m.HasSeq && m.Seq == i.Seq && bytes.Equal(m.Value, i.Value)
}

func (t *task) salt() []byte {
	if t.Method == krpc.Put {
		return t.Request.Item.Salt
	}
	return t.Salt
}
