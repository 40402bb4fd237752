package e2e

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// An itemNetwork is a node of ours among nodes of another program.
type itemNetwork struct {
	theirs *theirNodes
	ours   *ourNode
}

func startItemNetwork(t *testing.T) itemNetwork {
	t.Helper()
	addrs := loopbackNodes(t, 6)
	n := itemNetwork{theirs: startTheirNodes(t, "", addrs)}
	n.ours = startOurNode(t, loopback().ours, addrs, dht.Config{})
	return n
}

// TestDHTImmutable has each side read what the other stored.
func TestDHTImmutable(t *testing.T) {
	t.Parallel()
	exchangeImmutable(t, startItemNetwork(t))
}

// exchangeImmutable has each side read an item that the other stored.
func exchangeImmutable(t *testing.T, n itemNetwork) {
	theirs, ours := item.Item{Value: []byte("5:apple")}, item.Item{Value: []byte("6:cherry")}

	target := theirs.Target()
	n.theirs.repeat(t, theirCommand{Node: 1, Do: "put", Value: "apple"}, func(a theirAlert) bool {
		return a.Alert == "stored" && a.Hash == target.String() && a.Count > 0
	})
	until(t, func() bool {
		got, err := n.ours.Get(within(t), target, nil)
		return err == nil && string(got.Value) == "5:apple"
	})

	stored, err := n.ours.Put(within(t), ours, nil)
	require.NoError(t, err)
	require.Positive(t, stored)
	n.theirs.repeat(t, theirCommand{Node: 4, Do: "get", Hash: ours.Target().String()}, func(a theirAlert) bool {
		return a.Alert == "item" && a.Hash == ours.Target().String() && a.Value == "cherry"
	})
}

// TestDHTMutable has libtorrent and us update one item in turn, without a salt and with one. Each
// reads what the other stored, at once.
func TestDHTMutable(t *testing.T) {
	t.Parallel()
	for _, salt := range []string{"", "room 7"} {
		t.Run(fmt.Sprintf("salt %q", salt), func(t *testing.T) {
			t.Parallel()
			updateInTurn(t, startItemNetwork(t), salt)
		})
	}
}

// updateInTurn has both sides update one item in turn, and shows that old versions are refused.
func updateInTurn(t *testing.T, n itemNetwork, salt string) {
	m := mutableItem{itemNetwork: n, private: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), salt: salt}
	for seq := int64(1); seq <= 4; seq++ {
		value := fmt.Sprintf("value %d", seq)
		if seq%2 == 1 {
			m.putTheirs(t, seq, value)
			m.awaitOurs(t, seq, value)
		} else {
			m.putOurs(t, seq, value)
			m.awaitTheirs(t, seq, value)
		}
	}
	m.putAgain(t, 4, "value 4")
	m.refusesOld(t, 4)
}

// A mutableItem is one that both sides may change.
type mutableItem struct {
	itemNetwork
	private ed25519.PrivateKey
	salt    string
}

func (m mutableItem) key() ed25519.PublicKey { return m.private.Public().(ed25519.PublicKey) }

func (m mutableItem) target() nodeid.ID { return item.MutableTarget(m.key(), []byte(m.salt)) }

// command returns a command with the key.
func (m mutableItem) command(node int, do string) theirCommand {
	expanded := sha512.Sum512(m.private.Seed())
	expanded[0] &= 248
	expanded[31] = expanded[31]&63 | 64
	return theirCommand{
		Node:    node,
		Do:      do,
		Seed:    hex.EncodeToString(m.private.Seed()),
		Private: hex.EncodeToString(expanded[:]),
		Key:     hex.EncodeToString(m.key()),
		Salt:    m.salt,
	}
}

// putTheirs has a node of theirs store a value under the next number, which it finds out itself.
func (m mutableItem) putTheirs(t *testing.T, seq int64, value string) {
	t.Helper()
	if seq > 1 {
		m.awaitTheirs(t, seq-1, fmt.Sprintf("value %d", seq-1))
	} else {
		// It must know others first.
		m.theirs.repeat(t, theirCommand{Node: 1, Do: "put", Value: "first"}, func(a theirAlert) bool {
			return a.Alert == "stored" && a.Count > 0
		})
	}
	c := m.command(1, "put_mutable")
	c.Value = value
	m.theirs.do(t, c)
	require.NoError(t, m.theirs.await(within(t), func(a theirAlert) bool {
		return a.Alert == "stored" && a.Seq == seq && a.Count > 0
	}))
}

func (m mutableItem) putOurs(t *testing.T, seq int64, value string) {
	t.Helper()
	before := seq - 1
	stored, err := m.ours.Put(within(t), m.sign(t, seq, value), &before)
	require.NoError(t, err)
	require.Positive(t, stored)
}

// putAgain stores the newest version again, which nodes keep longer then, even if they say no.
func (m mutableItem) putAgain(t *testing.T, seq int64, value string) {
	t.Helper()
	stored, err := m.ours.Put(within(t), m.sign(t, seq, value), nil)
	require.NoError(t, err)
	require.Positive(t, stored)
}

func (m mutableItem) awaitOurs(t *testing.T, seq int64, value string) {
	t.Helper()
	got, err := m.ours.Get(within(t), m.target(), []byte(m.salt))
	require.NoError(t, err)
	require.Equal(t, seq, got.Seq)
	require.Equal(t, string(bencode.AppendString(nil, value)), string(got.Value))
}

func (m mutableItem) awaitTheirs(t *testing.T, seq int64, value string) {
	t.Helper()
	m.theirs.skip()
	m.theirs.do(t, m.command(4, "get_mutable"))
	var last theirAlert
	require.NoError(t, m.theirs.await(within(t), func(a theirAlert) bool {
		last = a
		return a.Alert == "mutable" && a.Final && a.Salt == m.salt
	}))
	require.Equal(t, seq, last.Seq)
	require.Equal(t, value, last.Value)
}

// refusesOld shows that their nodes refuse a value of ours that is older than what they have,
// and one that is to replace another value. So does a node of ours that stores the item.
func (m mutableItem) refusesOld(t *testing.T, seq int64) {
	t.Helper()
	old := m.sign(t, seq-1, "old")
	for _, to := range append(m.theirs.addrs, m.ours.addr) {
		has := ask(t, m.ours.addr.Addr(), to, krpc.Message{Method: krpc.Get, Target: m.target()})
		if !has.HasSeq {
			continue // it is not among the nearest
		}
		answer := ask(t, m.ours.addr.Addr(), to, krpc.Message{
			Method: krpc.Put,
			Token:  has.Token,
			Value:  old.Value,
			Key:    old.Key,
			Salt:   old.Salt,
			Sig:    old.Sig,
			Seq:    old.Seq,
			HasSeq: true,
		})
		require.Equal(t, krpc.Failure, answer.Kind, "%v", to)
		require.Equal(t, krpc.SeqTooLow, answer.Code, "%v", to)
	}
	wrong := seq - 1
	_, err := m.ours.Put(within(t), m.sign(t, seq+1, "new"), &wrong)
	var refused *krpc.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, krpc.CasMismatch, refused.Code)
}

func (m mutableItem) sign(t *testing.T, seq int64, value string) item.Item {
	t.Helper()
	i, err := item.Sign(m.private, []byte(m.salt), seq, bencode.AppendString(nil, value))
	require.NoError(t, err)
	return i
}
