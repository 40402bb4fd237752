package bencode

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	jackpal "github.com/jackpal/bencode-go"
)

// Marshal returns v as bencode. It encodes all types that Unmarshal decodes. It also
// encodes []byte as a string, arrays of other elements as lists, maps and interfaces
// whose contents it can encode, and what v points to if v is a pointer. Fields with the
// tag "-" are left out, and so are empty ones with the tag "key,omitempty". Keys are
// sorted.
//
// Other types are refused with a *ShapeError. So are values that bencode does not have:
// a nil interface in a list, an unsigned integer of more than 63 bits, a RawMessage that
// is not one strict value, lists and dictionaries nested deeper than 100. The caller owns
// the result. Marshal may be called concurrently on values that nobody modifies.
func Marshal(v any) ([]byte, error) {
	val := reflect.ValueOf(v)
	if val.Kind() == reflect.Pointer {
		val = val.Elem()
	}
	if !val.IsValid() {
		return nil, &ShapeError{Type: reflect.TypeOf(v), Reason: "nil cannot be encoded"}
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

// encode encodes a value that passed every check with jackpal/bencode-go, and scans the
// result, so that Marshal returns nothing that Scan refuses.
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

// checkEncodable returns why a value cannot be encoded although its type can, or "".
func checkEncodable(val reflect.Value, s *shape, depth int) (reason string) {
	switch {
	case s.raw:
		// Without this check two keys without values could be read as one key
		// and its value.
		if _, err := Scan(val.Bytes(), Options{MaxTokens: -1}); err != nil {
			return "a RawMessage is not valid: " + strings.TrimPrefix(err.Error(), "bencode: ")
		}
		return ""
	case s.any:
		return checkInterface(val, depth)
	case s.kind == Integer:
		if val.CanUint() && val.Uint() > 1<<63-1 {
			return fmt.Sprintf("%d does not fit in 64 bits with a sign", val.Uint())
		}
		return ""
	case s.kind == String:
		return ""
	case depth >= defaultDepth:
		return fmt.Sprintf("it is nested deeper than %d, or contains itself", defaultDepth)
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

// checkInterface is checkEncodable for the value in an interface, by that value's type.
func checkInterface(val reflect.Value, depth int) string {
	val = val.Elem()
	if !val.IsValid() {
		return "a nil interface cannot be encoded"
	}
	s, err := shapeOf(val.Type(), false)
	if err != nil {
		return strings.TrimPrefix(err.Error(), "bencode: ")
	}
	return checkEncodable(val, s, depth)
}

// omitted reports whether a value is left out together with its key.
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
