package node

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
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
