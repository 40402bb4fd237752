package bencode

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func encoded(t *testing.T, n *Node) string {
	t.Helper()
	b, err := n.Encode()
	require.NoError(t, err)
	return string(b)
}

func TestNodeBuild(t *testing.T) {
	n := NewDict(map[string]*Node{
		"z":    NewInt(-1),
		"a":    NewList(NewText("x"), NewBytes([]byte{0xff}), NewList(), NewDict(nil)),
		"\x80": NewBytes(nil),
		"":     NewText(""),
	})
	require.Equal(t, "d0:0:1:al1:x1:\xfflede"+"e1:zi-1e1:\x800:e", encoded(t, n))
	out, err := n.AppendTo([]byte("prefix "))
	require.NoError(t, err)
	require.Equal(t, "prefix "+encoded(t, n), string(out))
	_, err = Scan([]byte(encoded(t, n)), Options{})
	require.NoError(t, err)
}

func TestNodeDict(t *testing.T) {
	n := NewDict(nil)
	for _, key := range []string{"m", "b", "z", "a", "m"} {
		require.NoError(t, n.Set(key, NewText(key)))
	}
	require.NoError(t, n.Set("m", NewInt(2)))
	require.Equal(t, "d1:a1:a1:b1:b1:mi2e1:z1:ze", encoded(t, n))
	require.Equal(t, 4, n.Len())
	require.Nil(t, n.Lookup("c"))
	i, err := n.Lookup("m").Int()
	require.NoError(t, err)
	require.EqualValues(t, 2, i)
	s, err := n.Remove("b").Text()
	require.NoError(t, err)
	require.Equal(t, "b", s)
	require.Nil(t, n.Remove("b"))
	var keys []string
	for key := range n.Dict() {
		keys = append(keys, key)
		n.Remove(key)
	}
	require.Equal(t, []string{"a", "m", "z"}, keys)
	require.Equal(t, "de", encoded(t, n))
}

func TestNodeList(t *testing.T) {
	n := NewList()
	require.NoError(t, n.Push(NewInt(1), NewInt(3)))
	require.NoError(t, n.InsertAt(1, NewInt(2)))
	require.NoError(t, n.InsertAt(3, NewInt(4)))
	require.NoError(t, n.SetAt(0, NewText("one")))
	require.Equal(t, "l3:onei2ei3ei4ee", encoded(t, n))
	require.NotNil(t, n.RemoveAt(2))
	require.Nil(t, n.RemoveAt(3))
	require.Nil(t, n.RemoveAt(-1))
	require.Nil(t, n.At(3))
	require.Equal(t, "l3:onei2ei4ee", encoded(t, n))
	got := 0
	for item := range n.List() {
		if i, err := item.Int(); err == nil {
			got += int(i)
		}
		n.RemoveAt(0)
	}
	require.Equal(t, 6, got)
	require.Zero(t, n.Len())
	require.Panics(t, func() { _ = n.InsertAt(1, NewInt(1)) })
	require.Panics(t, func() { _ = n.SetAt(0, NewInt(1)) })
}

// Editing the trackers of a file does not change the bytes of its info dictionary, even
// if these break the rules.
func TestNodeKeepsWhatIsNotParsed(t *testing.T) {
	const info = "d4:name1:x6:lengthi007ee"
	v := scanned(t, "d8:announce3:old4:info"+info+"e", Options{Lenient: true})
	n := NewNode(v)
	require.Equal(t, string(v.Raw()), encoded(t, n))
	require.NoError(t, n.Set("announce", NewText("new")))
	require.NoError(t, n.Set("comment", NewText("")))
	require.Equal(t, "d8:announce3:new7:comment0:4:info"+info+"e", encoded(t, n))

	require.Equal(t, 2, n.Lookup("info").Len())
	require.Equal(t, "d8:announce3:new7:comment0:4:infod6:lengthi007e4:name1:xee", encoded(t, n))
	i, err := n.Lookup("info").Lookup("length").Int()
	require.NoError(t, err)
	require.EqualValues(t, 7, i)
	s, err := n.Lookup("info").Lookup("name").Text()
	require.NoError(t, err)
	require.Equal(t, "x", s)
}

func TestNodeOfDuplicateKeys(t *testing.T) {
	n := NewNode(scanned(t, "d1:bi1e1:ai2e1:bi3ee", Options{Lenient: true}))
	require.Equal(t, 2, n.Len())
	require.Equal(t, "d1:ai2e1:bi1ee", encoded(t, n))
}

func TestNodeOfAnotherKind(t *testing.T) {
	require.Nil(t, NewNode(Value{}))
	for _, n := range []*Node{nil, NewInt(1), NewText("s"), NewList(NewInt(1)), NewDict(map[string]*Node{"a": NewInt(1)})} {
		k := n.Kind()
		_, err := n.Int()
		require.Equal(t, k != Integer, errors.As(err, new(*TypeError)))
		_, err = n.Bytes()
		require.Equal(t, k != String, errors.As(err, new(*TypeError)))
		require.Equal(t, k == List || k == Dict, n.Len() == 1)
		require.Equal(t, k == List, n.At(0) != nil)
		require.Equal(t, k == Dict, n.Lookup("a") != nil)
		for range n.List() {
			require.Equal(t, List, k)
		}
		for range n.Dict() {
			require.Equal(t, Dict, k)
		}
		require.Equal(t, k != List, n.Push() != nil)
		require.Equal(t, k != List, n.InsertAt(0, NewInt(1)) != nil)
		require.Equal(t, k != List, n.SetAt(0, NewInt(1)) != nil)
		require.Equal(t, k == List, n.RemoveAt(0) != nil)
		require.Equal(t, k != Dict, n.Set("b", NewInt(1)) != nil)
		require.Equal(t, k == Dict, n.Remove("a") != nil)
	}
}

func TestNodeThatCannotBeEncoded(t *testing.T) {
	loop := NewList()
	require.NoError(t, loop.Push(NewDict(map[string]*Node{"loop": loop})))
	for _, n := range []*Node{nil, {}, NewList(nil), NewDict(map[string]*Node{"a": nil}), loop} {
		dst := []byte("kept")
		out, err := n.AppendTo(dst)
		require.Error(t, err)
		require.True(t, strings.HasPrefix(err.Error(), "bencode: "))
		require.Equal(t, "kept", string(out))
	}
}

// rebuilt returns v as a Node that the constructors made.
func rebuilt(v Value) *Node {
	switch v.Kind() {
	case Integer:
		i, _ := v.Int()
		return NewInt(i)
	case String:
		s, _ := v.Text()
		return NewText(s)
	case List:
		n := NewList()
		for item := range v.List() {
			if n.Push(rebuilt(item)) != nil {
				return nil
			}
		}
		return n
	case Dict:
		n := NewDict(nil)
		for key, item := range v.Dict() {
			if n.Set(string(key), rebuilt(item)) != nil {
				return nil
			}
		}
		return n
	}
	return nil
}

// parseAll parses all nodes of a tree.
func parseAll(n *Node) {
	n.Len()
	for _, item := range n.items {
		parseAll(item)
	}
}
