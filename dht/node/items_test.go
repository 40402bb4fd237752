package node

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// signer returns a function that signs values of one key and salt.
func signer(t *testing.T) func(seq int64, value string) item.Item {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	return func(seq int64, value string) item.Item {
		i, err := item.Sign(private, []byte("s"), seq, []byte(value))
		require.NoError(t, err)
		return i
	}
}

// An item is stored at the nearest nodes and found again; the newest that is right wins.
func TestItems(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	sign := signer(t)
	old, fresh := sign(1, "3:old"), sign(2, "3:new")
	forged := fresh
	forged.Seq = 9
	n := 0
	reply := func(q sent) (krpc.Message, bool) {
		m := krpc.Message{ID: w.s.idOf(q.to), Token: []byte("t")}
		i := []item.Item{old, forged, fresh, {Value: []byte("5:other")}, old}[n%5]
		n++
		m.Value, m.Key, m.Sig, m.Seq, m.HasSeq = i.Value, i.Key, i.Sig, i.Seq, i.IsMutable()
		return m, true
	}
	id := w.s.Begin(w.now, Request{Method: krpc.Get, Target: fresh.Target(), Salt: []byte("s")})
	done, _ := w.play(id, reply)
	require.NotNil(t, done.Item)
	require.Equal(t, fresh, *done.Item)

	var puts []sent
	cas := int64(2)
	newest := sign(3, "1:x")
	id = w.s.Begin(w.now, Request{Method: krpc.Put, Item: newest, Cas: &cas})
	done, _ = w.play(id, func(q sent) (krpc.Message, bool) {
		if q.Method == krpc.Put {
			puts = append(puts, q)
			return krpc.Message{ID: w.s.idOf(q.to)}, true
		}
		require.Equal(t, newest.Target(), q.Target)
		m := krpc.Message{ID: w.s.idOf(q.to), Token: []byte("t")}
		if len(puts)%2 == 0 && q.to.Addr().As4()[2]%2 == 0 {
			m.Seq, m.HasSeq = 2, true
		}
		return m, true
	})
	require.Equal(t, 8, done.Stored)
	require.Len(t, puts, 8)
	for _, q := range puts {
		require.Equal(t, newest.Sig, q.Sig)
		require.Equal(t, q.to.Addr().As4()[2]%2 == 0, q.HasCas, "cas for those alone that have an item")
	}
}

// Items that are right, but of another target, are none: another value, another key, the same key
// with another salt, and no key where one was asked for.
func TestItemsOfOtherTargets(t *testing.T) {
	key := func(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), b)) }
	signed := func(k ed25519.PrivateKey, salt string) item.Item {
		i, err := item.Sign(k, []byte(salt), 9, []byte("1:x"))
		require.NoError(t, err)
		return i
	}
	immutable := item.Item{Value: []byte("1:x")}
	wanted := signed(key(1), "s")
	for name, test := range map[string]struct {
		want, has item.Item
		isFound   bool
	}{
		"itself":            {wanted, wanted, true},
		"another key":       {wanted, signed(key(2), "s"), false},
		"another salt":      {wanted, signed(key(1), "t"), false},
		"no key":            {wanted, immutable, false},
		"a value":           {immutable, immutable, true},
		"another value":     {immutable, item.Item{Value: []byte("1:y")}, false},
		"a key":             {immutable, wanted, false},
		"not quite bencode": {item.Item{Value: []byte("i01e")}, item.Item{Value: []byte("i01e")}, false},
	} {
		w := newWorld(t, Config{})
		w.know(8)
		id := w.s.Begin(w.now, Request{Method: krpc.Get, Target: test.want.Target(), Salt: test.want.Salt})
		done, events := w.play(id, func(q sent) (krpc.Message, bool) {
			m := holds(w.s.idOf(q.to), test.has)
			m.HasSeq = test.has.IsMutable()
			return m, true
		})
		require.Equal(t, test.isFound, done.Item != nil, name)
		require.Equal(t, test.isFound, len(events) > 0, name)
	}
}

// If all nodes refuse, the error says why.
func TestPutIsRefused(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	id := w.s.Begin(w.now, Request{Method: krpc.Put, Item: signer(t)(3, "1:x")})
	w.settle()
	for w.now.Before(start.Add(10 * time.Minute)) {
		for _, q := range w.took() {
			switch q.Method {
			case krpc.Put:
				w.s.Receive(w.now, q.to, (&krpc.Message{Kind: krpc.Failure, Transaction: q.Transaction, Code: krpc.CasMismatch, Text: "no"}).AppendTo(nil))
				w.settle()
			default:
				w.answer(q, krpc.Message{ID: w.s.idOf(q.to), Token: []byte("t")})
			}
		}
		w.wait(100 * time.Millisecond)
	}
	var refused *krpc.Error
	for _, e := range w.happened() {
		d, ok := e.(DoneEvent)
		if ok && d.Task == id {
			require.ErrorAs(t, d.Err, &refused)
		}
	}
	require.Equal(t, krpc.CasMismatch, refused.Code)
}

// A node must refuse the version that it has, and is to keep it longer all the same. So an
// item that is stored again is at the nodes that say so
// (https://www.bittorrent.org/beps/bep_0044.html, "Mutable Items").
func TestPutAgain(t *testing.T) {
	sign := signer(t)
	mine, other := sign(3, "1:x"), sign(3, "1:y")
	for _, test := range []struct {
		name   string
		has    item.Item
		code   int
		stored int
	}{
		{"the same", mine, krpc.SeqTooLow, 8},
		{"another value", other, krpc.SeqTooLow, 0},
		{"an older version", sign(2, "1:x"), krpc.SeqTooLow, 0},
		{"another error", mine, krpc.ProtocolError, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.know(20)
			cas := int64(2)
			id := w.s.Begin(w.now, Request{Method: krpc.Put, Item: mine, Cas: &cas})
			done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
				if q.Method == krpc.Put {
					require.Equal(t, string(test.has.Sig) != string(mine.Sig), q.HasCas, "who has the item does not compare")
					return krpc.Message{Kind: krpc.Failure, Code: test.code, Text: "no"}, true
				}
				return holds(w.s.idOf(q.to), test.has), true
			})
			require.Equal(t, test.stored, done.Stored)
			if test.stored > 0 {
				require.NoError(t, done.Err)
				return
			}
			var refused *krpc.Error
			require.ErrorAs(t, done.Err, &refused)
			require.Equal(t, test.code, refused.Code)
		})
	}
}

// A node that missed the version to be replaced has an older one, and compares with that, if
// others have the version that is to be replaced.
func TestPutOverOlder(t *testing.T) {
	sign := signer(t)
	for _, test := range []struct {
		name           string
		older, newer   int64 // what nodes have
		cas            int64
		overOld, other int64 // what they are to compare with
	}{
		{"some missed it", 1, 2, 2, 1, 2},
		{"nobody has it", 0, 1, 2, 2, 2},
		{"some have a newer one", 1, 3, 2, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.know(20)
			isOld := func(q sent) bool { return q.to.Addr().As4()[2]%2 == 0 }
			puts := 0
			id := w.s.Begin(w.now, Request{Method: krpc.Put, Item: sign(4, "1:x"), Cas: &test.cas})
			w.play(id, func(q sent) (krpc.Message, bool) {
				if q.Method == krpc.Put {
					puts++
					require.True(t, q.HasCas)
					want := test.other
					if isOld(q) {
						want = test.overOld
					}
					require.Equal(t, want, q.Cas)
					return krpc.Message{ID: w.s.idOf(q.to)}, true
				}
				has := sign(test.newer, "1:n")
				if isOld(q) {
					has = sign(test.older, "1:o")
				}
				return holds(w.s.idOf(q.to), has), true
			})
			require.Equal(t, 8, puts)
		})
	}
}

// holds returns the answer of a node that has a mutable item.
func holds(id nodeid.ID, i item.Item) krpc.Message {
	return krpc.Message{
		ID:     id,
		Token:  []byte("t"),
		Value:  i.Value,
		Key:    i.Key,
		Sig:    i.Sig,
		Seq:    i.Seq,
		HasSeq: true,
	}
}
