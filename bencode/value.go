package bencode

import "iter"

// A Value is a node of scanned bencode: a span of the bytes given to Scan, no
// copy. The zero Value is Invalid. A Value may be used concurrently, as long
// as nobody changes the bytes.
//
// Look-ups walk the bytes of the node, so each costs time by its size; to read
// many keys of a large dictionary, range over Dict once.
type Value struct {
	raw []byte // one value that passed scan
}

// Kind returns what sort of value v is.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Invalid
	}
	return kindOf(v.raw[0])
}

// Raw returns the bytes of v as they were read. They alias the scanned bytes.
func (v Value) Raw() []byte { return v.raw }

// Int returns the number that v is, or a *TypeError.
func (v Value) Int() (int64, error) {
	if k := v.Kind(); k != Integer {
		return 0, &TypeError{Want: Integer, Got: k}
	}
	n, _, _ := scanInt(v.raw, 0, true)
	return n, nil
}

// Bytes returns the content of the string that v is, or a *TypeError. It
// aliases the scanned bytes.
func (v Value) Bytes() ([]byte, error) {
	if k := v.Kind(); k != String {
		return nil, &TypeError{Want: String, Got: k}
	}
	return stringAt(v.raw, 0), nil
}

// Text returns a copy of the string that v is, or a *TypeError. It may not be
// UTF-8.
func (v Value) Text() (string, error) {
	b, err := v.Bytes()
	return string(b), err
}

// Len returns the number of elements of a list, or of keys of a dictionary,
// and 0 for all else.
func (v Value) Len() int {
	n := 0
	switch v.Kind() {
	case List:
		for pos := 1; v.raw[pos] != 'e'; n++ {
			pos = skipValue(v.raw, pos)
		}
	case Dict:
		for pos := 1; v.raw[pos] != 'e'; n++ {
			pos = skipValue(v.raw, skipValue(v.raw, pos))
		}
	}
	return n
}

// List yields the elements of the list that v is, in order. It yields nothing
// if v is not a list.
func (v Value) List() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for pos := 1; v.raw[pos] != 'e'; {
			end := skipValue(v.raw, pos)
			if !yield(v.span(pos, end)) {
				return
			}
			pos = end
		}
	}
}

// Dict yields the keys and values of the dictionary that v is, in the order of
// the bytes; the keys alias them. It yields nothing if v is not a dictionary.
func (v Value) Dict() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Dict {
			return
		}
		for pos := 1; v.raw[pos] != 'e'; {
			start := skipValue(v.raw, pos)
			end := skipValue(v.raw, start)
			if !yield(stringAt(v.raw, pos), v.span(start, end)) {
				return
			}
			pos = end
		}
	}
}

func (v Value) span(start, end int) Value {
	return Value{raw: v.raw[start:end:end]}
}
