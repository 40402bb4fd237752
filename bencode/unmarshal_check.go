package bencode

import (
	"reflect"
	"strconv"
	"strings"
)

// checkValue checks that v can be decoded into the shape s without loss, because
// jackpal/bencode-go silently drops what it cannot decode. It subtracts from budget
// about as many bytes as decoding will allocate. The recursion is bounded by the depth
// that Scan allows.
func checkValue(v Value, s *shape, budget *int64) error {
	switch {
	case s.raw:
		*budget -= rawCost(v)
		return nil
	case v.Kind() != s.kind:
		return &TypeError{Want: s.kind, Got: v.Kind()}
	case s.kind == String:
		*budget -= int64(len(v.raw))
		return nil
	case s.kind == Integer:
		return checkInt(v, s)
	case s.kind == List:
		return checkList(v, s, budget)
	}
	return checkDict(v, s, budget)
}

// checkInt checks that the integer v does not overflow the type of s.
func checkInt(v Value, s *shape) error {
	n, err := v.Int()
	if err != nil {
		return err
	}
	if zero := reflect.Zero(s.typ); zero.CanInt() {
		if !zero.OverflowInt(n) {
			return nil
		}
	} else if n >= 0 && !zero.OverflowUint(uint64(n)) {
		return nil
	}
	return &RangeError{Value: n, Type: s.typ}
}

// checkList checks the items of the list v.
func checkList(v Value, s *shape, budget *int64) error {
	n := 0
	for item := range v.List() {
		if err := checkValue(item, s.elem, budget); err != nil {
			return prependPath("["+strconv.Itoa(n)+"]", err)
		}
		n++
	}
	// A slice starts with a capacity of eight, which is doubled as needed.
	size := int64(s.typ.Elem().Size())
	for capacity := int64(8); ; capacity *= 2 {
		*budget -= capacity * size
		if capacity >= int64(n) {
			return nil
		}
	}
}

// checkDict checks the keys and values of the dictionary v.
func checkDict(v Value, s *shape, budget *int64) error {
	const mapCost, entryCost = 64, 128
	if s.elem != nil {
		*budget -= mapCost
	}
	for key, item := range v.Dict() {
		elem := s.elem
		if elem != nil {
			*budget -= entryCost + int64(len(key))
		} else {
			i, known := s.folded[strings.ToLower(string(key))]
			if !known {
				*budget -= int64(len(item.raw)) // decoded, then dropped
				continue
			}
			if s.fields[i].key != string(key) {
				return &KeyError{Key: string(key), Want: s.fields[i].key}
			}
			elem = s.fields[i].shape
		}
		if err := checkValue(item, elem, budget); err != nil {
			return prependPath(string(key), err)
		}
	}
	return nil
}

// rawCost estimates how many bytes are allocated for a RawMessage: jackpal/bencode-go
// copies each token once for every list and dictionary around it.
func rawCost(v Value) int64 {
	var cost, depth int64 = 0, 1
	for pos := 0; pos < len(v.raw); {
		end := pos + 1
		switch v.raw[pos] {
		case 'l', 'd':
			depth++
		case 'e':
			depth--
		default:
			end = skipValue(v.raw, pos)
		}
		cost += 2 * depth * int64(end-pos)
		pos = end
	}
	return cost
}

// prependPath puts a step before the path in an error.
func prependPath(step string, err error) error {
	join := func(path *string) {
		if *path != "" && (*path)[0] != '[' {
			step += "."
		}
		*path = step + *path
	}
	switch e := err.(type) {
	case *TypeError:
		join(&e.Key)
	case *KeyError:
		join(&e.Key)
	case *RangeError:
		join(&e.Key)
	}
	return err
}
