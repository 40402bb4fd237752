package bencode

// Get returns the value of a key. It reports false if the key is missing or v is not a
// dictionary. If the key appears twice, which only Options.Lenient accepts, Get returns
// the first value.
func (v Value) Get(key string) (Value, bool) {
	if v.Kind() != Dict {
		return Value{}, false
	}
	for pos := 1; v.raw[pos] != 'e'; {
		start := skipValue(v.raw, pos)
		end := skipValue(v.raw, start)
		if string(stringAt(v.raw, pos)) == key {
			return v.span(start, end), true
		}
		pos = end
	}
	return Value{}, false
}

// GetInt returns the integer of a key. The error is a *MissingError or a *TypeError with
// the key, or a *TypeError without a key if v is not a dictionary. The other typed
// look-ups return the same errors.
func (v Value) GetInt(key string) (int64, error) {
	w, err := v.get(key, Integer)
	if err != nil {
		return 0, err
	}
	return w.Int()
}

// GetBytes returns the string of a key. The slice points into the scanned bytes.
func (v Value) GetBytes(key string) ([]byte, error) {
	w, err := v.get(key, String)
	if err != nil {
		return nil, err
	}
	return w.Bytes()
}

// GetText returns a copy of the string of a key. The string may be invalid UTF-8.
func (v Value) GetText(key string) (string, error) {
	b, err := v.GetBytes(key)
	return string(b), err
}

// GetList returns the list of a key.
func (v Value) GetList(key string) (Value, error) { return v.get(key, List) }

// GetDict returns the dictionary of a key.
func (v Value) GetDict(key string) (Value, error) { return v.get(key, Dict) }

// get returns the value of a key, which must be of the kind want.
func (v Value) get(key string, want Kind) (Value, error) {
	if k := v.Kind(); k != Dict {
		return Value{}, &TypeError{Want: Dict, Got: k}
	}
	w, ok := v.Get(key)
	if !ok {
		return Value{}, &MissingError{Key: key}
	}
	if k := w.Kind(); k != want {
		return Value{}, &TypeError{Key: key, Want: want, Got: k}
	}
	return w, nil
}
