package bencode

import (
	"iter"
	"slices"
)

// Lookup returns the value of a key, to read or edit in place. It returns nil if the key
// is missing or n is not a dictionary.
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

// Set adds a key, or replaces its value. The error is a *TypeError if n is not a
// dictionary.
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

// Remove removes a key of a dictionary and returns its value, or nil if the key is
// missing.
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

// Dict yields the keys and values of a dictionary, sorted by key. It yields nothing if n
// is not a dictionary. The loop may edit the tree, which does not change what is yielded.
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

// At returns item i of a list, to read or edit in place. It returns nil if there is no
// such item or n is not a list.
func (n *Node) At(i int) *Node {
	if n.Kind() != List || i < 0 || i >= n.Len() {
		return nil
	}
	return n.items[i]
}

// Push appends items to a list. The error is a *TypeError if n is not a list.
func (n *Node) Push(items ...*Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items = append(n.items, items...)
	return nil
}

// InsertAt inserts an item before item i of a list, or at its end if i is Len. The error
// is a *TypeError if n is not a list. InsertAt panics if i is negative or above Len.
func (n *Node) InsertAt(i int, item *Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items = slices.Insert(n.items, i, item)
	return nil
}

// SetAt replaces item i of a list. The error is a *TypeError if n is not a list. SetAt
// panics if there is no such item.
func (n *Node) SetAt(i int, item *Node) error {
	if err := n.parseAs(List); err != nil {
		return err
	}
	n.items[i] = item
	return nil
}

// RemoveAt removes item i of a list and returns it, or nil if there is no such item.
func (n *Node) RemoveAt(i int) *Node {
	if n.Kind() != List || i < 0 || i >= n.Len() {
		return nil
	}
	item := n.items[i]
	n.items = slices.Delete(n.items, i, i+1)
	return item
}

// List yields the items of a list in order. It yields nothing if n is not a list. The
// loop may edit the tree, which does not change what is yielded.
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

// parseAs parses n if it is of kind k, and returns a *TypeError otherwise.
func (n *Node) parseAs(k Kind) error {
	if n.Kind() != k {
		return &TypeError{Want: k, Got: n.Kind()}
	}
	n.parse()
	return nil
}
