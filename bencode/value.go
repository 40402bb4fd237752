package bencode

import "iter"

// A Value is a node of scanned bencode. It is a part of the bytes given to Scan, not a
// copy. The zero Value is Invalid. Many goroutines may use a Value at once, as long as
// nobody modifies the bytes.
//
// The time of a look-up grows with the length of the node: to read many keys of a large
// dictionary, range over Dict once.
type Value struct {
	raw []byte // exactly one value, which passed scan
}

// Kind returns the kind of v.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Invalid
	}
	return kindOf(v.raw[0])
}

// Raw returns the encoded bytes of v. They are those given to Scan, not a copy.
func (v Value) Raw() []byte { return v.raw }

// Int returns the integer v. The error is a *TypeError.
func (v Value) Int() (int64, error) {
	if k := v.Kind(); k != Integer {
		return 0, &TypeError{Want: Integer, Got: k}
	}
	n, _, _ := scanInt(v.raw, 0, true)
	return n, nil
}

// Bytes returns the content of the string v. The slice points into the scanned bytes. The
// error is a *TypeError.
func (v Value) Bytes() ([]byte, error) {
	if k := v.Kind(); k != String {
		return nil, &TypeError{Want: String, Got: k}
	}
	return stringAt(v.raw, 0), nil
}

// Text returns a copy of the string v, which may be invalid UTF-8. The error is a
// *TypeError.
func (v Value) Text() (string, error) {
	b, err := v.Bytes()
	return string(b), err
}

// Len returns the number of elements of a list or of keys of a dictionary, and 0 for
// other kinds.
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

// List yields the elements of the list v in order. It yields nothing if v is not a list.
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

// Dict yields the keys and values of the dictionary v in the order of the input. The keys
// point into the scanned bytes. It yields nothing if v is not a dictionary.
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

// span returns the value that is v.raw[start:end].
func (v Value) span(start, end int) Value {
	return Value{raw: v.raw[start:end:end]}
}
