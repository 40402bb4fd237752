package bencode

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	jackpal "github.com/jackpal/bencode-go"
)

// Marshal returns v as bencode. What Unmarshal reads it writes, and besides
// []byte as a string, arrays of other things as lists, maps and interfaces of
// anything it writes, and a pointer at the top. Fields tagged "-" are left out,
// and those tagged "key,omitempty" when they are empty. Keys are sorted.
//
// Other types are refused with a *ShapeError. So are values that bencode cannot
// have: a nil interface in a list, an unsigned integer above 63 bits, a
// RawMessage that is not one strict value, lists and dictionaries deeper than
// 100. Marshal may be called concurrently on values that nobody changes.
func Marshal(v any) ([]byte, error) {
	val := reflect.ValueOf(v)
	if val.Kind() == reflect.Pointer {
		val = val.Elem()
	}
	if !val.IsValid() {
		return nil, &ShapeError{Type: reflect.TypeOf(v), Reason: "nil has no bencode"}
	}
	s, err := shapeOf(val.Type(), false)
	if err != nil {
		return nil, err
	}
	if reason := checkEncodable(val, s, 0); reason != "" {
		return nil, &ShapeError{Type: val.Type(), Reason: reason}
	}
	return encode(val.Interface())
}

// encode lets jackpal/bencode-go write a value that passed every check, and
// scans what it wrote: nothing leaves here that Scan would refuse.
func encode(v any) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("bencode: encoding %T: %v", v, r)
		}
	}()
	var buf bytes.Buffer
	if err := jackpal.Marshal(&buf, v); err != nil {
		return nil, fmt.Errorf("bencode: encoding %T: %w", v, err)
	}
	if _, err := Scan(buf.Bytes(), Options{MaxTokens: -1}); err != nil {
		return nil, fmt.Errorf("bencode: encoding %T: the result is not valid: %w", v, err)
	}
	return buf.Bytes(), nil
}

// checkEncodable returns why a value cannot be written, though its type could.
func checkEncodable(val reflect.Value, s *shape, depth int) (reason string) {
	switch {
	case s.raw:
		// Two keys without values could pass for one with.
		if _, err := Scan(val.Bytes(), Options{MaxTokens: -1}); err != nil {
			return "a RawMessage is not valid: " + strings.TrimPrefix(err.Error(), "bencode: ")
		}
		return ""
	case s.any:
		return checkInterface(val, depth)
	case s.kind == Integer:
		if val.CanUint() && val.Uint() > 1<<63-1 {
			return fmt.Sprintf("%d exceeds 64 bits with sign", val.Uint())
		}
		return ""
	case s.kind == String:
		return ""
	case depth >= defaultDepth:
		return fmt.Sprintf("it is deeper than %d, or within itself", defaultDepth)
	case s.kind == List:
		for i := range val.Len() {
			if reason := checkEncodable(val.Index(i), s.elem, depth+1); reason != "" {
				return reason
			}
		}
		return ""
	case s.elem != nil:
		for it := val.MapRange(); it.Next(); {
			if omitted(it.Value(), false) {
				continue
			}
			if reason := checkEncodable(it.Value(), s.elem, depth+1); reason != "" {
				return reason
			}
		}
		return ""
	}
	for _, f := range s.fields {
		if v := val.Field(f.index); !omitted(v, f.omitEmpty) {
			if reason := checkEncodable(v, f.shape, depth+1); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// checkInterface checks what an interface holds, by its own type.
func checkInterface(val reflect.Value, depth int) string {
	val = val.Elem()
	if !val.IsValid() {
		return "a nil interface has no bencode"
	}
	s, err := shapeOf(val.Type(), false)
	if err != nil {
		return strings.TrimPrefix(err.Error(), "bencode: ")
	}
	return checkEncodable(val, s, depth)
}

// omitted reports whether the value of a key is left out, with its key.
func omitted(val reflect.Value, omitEmpty bool) bool {
	if val.Kind() == reflect.Interface {
		return val.IsNil()
	}
	if !omitEmpty {
		return false
	}
	switch val.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice:
		return val.Len() == 0
	}
	return val.Kind() != reflect.Struct && val.IsZero()
}
