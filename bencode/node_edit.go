package bencode

import (
	"iter"
	"slices"
)

// Lookup returns the value of a key, to read or to edit in place. It is nil if
// the key is missing, or n is not a dictionary.
func (n *Node) Lookup(key string) *Node {
	if n.Kind() != Dict {
		return nil
	}
	n.parse()
	i, found := slices.BinarySearch(n.keys, key)
	if !found {
		return nil
	}
	return n.items[i]
}

// Set gives a key its value, a new one if it is there already. It fails with a
// *TypeError if n is not a dictionary.
func (n *Node) Set(key string, item *Node) error {
	if err := n.parseAs(Dict); err != nil {
		return err
	}
	i, found := slices.BinarySearch(n.keys, key)
	if found {
		n.items[i] = item
		return nil
	}
	n.keys = slices.Insert(n.keys, i, key)
	n.items = slices.Insert(n.items, i, item)
	return nil
}

// Remove takes a key out of a dictionary and returns what it held, nil if
// there was none.
func (n *Node) Remove(key string) *Node {
	if n.Kind() != Dict {
		return nil
	}
	n.parse()
	i, found := slices.BinarySearch(n.keys, key)
	if !found {
		return nil
	}
	item := n.items[i]
	n.keys = slices.Delete(n.keys, i, i+1)
	n.items = slices.Delete(n.items, i, i+1)
	return item
}

// Dict yields the keys and values of a dictionary, sorted by key. It yields
// nothing if n is not a dictionary. The tree may be edited meanwhile, which
// does not change what is yielded.
func (n *Node) Dict() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) {
		if n.Kind() != Dict {
			return
		}
		n.parse()
		items := slices.Clone(n.items)
		for i, key := range slices.Clone(n.keys) {
			if !yield(key, items[i]) {
				return
			}
		}
	}
}

// At returns item i of a list, to read or to edit in place. It is nil if there
// is no such item, or n is not a list.
func (n *Node) At(i int) *Node {
	if n.Kind() != List || i < 0 || i >= n.Len() {
		return nil
	}
	return n.items[i]
}

// Push appends items to a list. It fails with a *TypeError if n is not a list.
func (n *Node) Push(items ...*Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items = append(n.items, items...)
	return nil
}

// InsertAt puts an item before item i of a list, or at its end. It fails with
// a *TypeError if n is not a list, and panics if i is negative or above Len.
func (n *Node) InsertAt(i int, item *Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items = slices.Insert(n.items, i, item)
	return nil
}

// SetAt replaces item i of a list. It fails with a *TypeError if n is not a
// list, and panics if there is no such item.
func (n *Node) SetAt(i int, item *Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items[i] = item
	return nil
}

// RemoveAt takes item i out of a list and returns it, nil if there is none.
func (n *Node) RemoveAt(i int) *Node {
	if n.Kind() != List || i < 0 || i >= n.Len() {
		return nil
	}
	item := n.items[i]
	n.items = slices.Delete(n.items, i, i+1)
	return item
}

// List yields the items of a list in order. It yields nothing if n is not a
// list. The tree may be edited meanwhile, which does not change what is
// yielded.
func (n *Node) List() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		if n.Kind() != List {
			return
		}
		n.parse()
		for _, item := range slices.Clone(n.items) {
			if !yield(item) {
				return
			}
		}
	}
}

// parseAs opens n if it is of kind k, and fails otherwise.
func (n *Node) parseAs(k Kind) error {
	if n.Kind() != k {
		return &TypeError{Want: k, Got: n.Kind()}
	}
	n.parse()
	return nil
}
