package bencode

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Node is a bencode value to build and edit: a tree in memory. A list or dictionary
// that was made from a Value is encoded with its original bytes until a method reads or
// edits its contents. So editing one part of a file leaves the bytes of the others
// unchanged.
//
// Only one goroutine at a time may use a tree, even for reading. A Node may be in several
// places of a tree, but must not contain itself.
type Node struct {
	kind  Kind
	raw   []byte // the original bytes, until parse sets them to nil
	num   int64
	text  []byte
	keys  []string // of a dictionary: sorted, one for each item
	items []*Node  // of a list or dictionary
}

// maxNodeDepth bounds the recursion of AppendTo, so that a node that contains itself is
// an error.
const maxNodeDepth = defaultDepth

// NewNode returns a node for a scanned value. The node keeps the bytes of v, which must
// not change while it is used. For the zero Value NewNode returns nil.
func NewNode(v Value) *Node {
	if v.Kind() == Invalid {
		return nil
	}
	return &Node{kind: v.Kind(), raw: v.raw}
}

// NewInt returns an integer.
func NewInt(i int64) *Node { return &Node{kind: Integer, num: i} }

// NewBytes returns a string. The node keeps b, which must not change while it is used.
func NewBytes(b []byte) *Node { return &Node{kind: String, text: b} }

// NewText returns a string.
func NewText(s string) *Node { return &Node{kind: String, text: []byte(s)} }

// NewList returns a list of items. It copies the slice, but not the nodes.
func NewList(items ...*Node) *Node {
	return &Node{kind: List, items: slices.Clone(items)}
}

// NewDict returns a dictionary of entries, which may be nil. It copies the map, but not
// the nodes.
func NewDict(entries map[string]*Node) *Node {
	n := &Node{kind: Dict}
	for key := range entries {
		n.keys = append(n.keys, key)
	}
	slices.Sort(n.keys)
	for _, key := range n.keys {
		n.items = append(n.items, entries[key])
	}
	return n
}

// Kind returns the kind of n. A nil Node is Invalid.
func (n *Node) Kind() Kind {
	if n == nil {
		return Invalid
	}
	return n.kind
}

// Int returns the integer n. The error is a *TypeError.
func (n *Node) Int() (int64, error) {
	switch {
	case n.Kind() != Integer:
		return 0, &TypeError{Want: Integer, Got: n.Kind()}
	case n.raw != nil:
		return Value{raw: n.raw}.Int()
	}
	return n.num, nil
}

// Bytes returns the content of the string n. The caller must not modify it. The error is
// a *TypeError.
func (n *Node) Bytes() ([]byte, error) {
	switch {
	case n.Kind() != String:
		return nil, &TypeError{Want: String, Got: n.Kind()}
	case n.raw != nil:
		return stringAt(n.raw, 0), nil
	}
	return n.text, nil
}

// Text returns a copy of the string n. The error is a *TypeError.
func (n *Node) Text() (string, error) {
	b, err := n.Bytes()
	return string(b), err
}

// Len returns the number of items of a list or of keys of a dictionary, and 0 for other
// kinds.
func (n *Node) Len() int {
	if n.Kind() != List && n.Kind() != Dict {
		return 0
	}
	n.parse()
	return len(n.items)
}

// Encode returns n as bencode, with sorted keys. It returns an error if the tree contains
// a nil *Node or is deeper than 100.
func (n *Node) Encode() ([]byte, error) { return n.AppendTo(nil) }

// AppendTo appends what Encode returns to dst and returns the extended slice. After an
// error it returns dst unchanged.
func (n *Node) AppendTo(dst []byte) ([]byte, error) {
	out, err := n.appendTo(dst, 0)
	if err != nil {
		return dst, fmt.Errorf("bencode: encoding a node: %w", err)
	}
	return out, nil
}

var (
	errNodeNil  = errors.New("the node, or one within it, is nil")
	errNodeDeep = fmt.Errorf("the node is deeper than %d, or contains itself", maxNodeDepth)
)

// appendTo is AppendTo for a node at the given depth.
func (n *Node) appendTo(dst []byte, depth int) ([]byte, error) {
	switch {
	case n == nil || n.kind == Invalid:
		return nil, errNodeNil
	case n.raw != nil:
		return append(dst, n.raw...), nil
	case n.kind == Integer:
		return AppendInt(dst, n.num), nil
	case n.kind == String:
		return AppendBytes(dst, n.text), nil
	case depth >= maxNodeDepth:
		return nil, errNodeDeep
	}
	if n.kind == List {
		dst = AppendList(dst)
	} else {
		dst = AppendDict(dst)
	}
	for i, item := range n.items {
		if n.kind == Dict {
			dst = AppendString(dst, n.keys[i])
		}
		var err error
		dst, err = item.appendTo(dst, depth+1)
		if err != nil {
			return nil, err
		}
	}
	return AppendEnd(dst), nil
}

// parse replaces the original bytes of a list or dictionary by its items, one level
// deep. If a key appears twice it keeps the first, which is the one that Value.Get finds.
func (n *Node) parse() {
	if n.raw == nil || (n.kind != List && n.kind != Dict) {
		return
	}
	v := Value{raw: n.raw}
	n.raw = nil
	for item := range v.List() {
		n.items = append(n.items, NewNode(item))
	}
	type entry struct {
		key  string
		item *Node
	}
	var entries []entry
	for key, item := range v.Dict() {
		entries = append(entries, entry{string(key), NewNode(item)})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i, e := range entries {
		if i > 0 && entries[i-1].key == e.key {
			continue
		}
		n.keys = append(n.keys, e.key)
		n.items = append(n.items, e.item)
	}
}
