package bencode

import (
	"bytes"
	"fmt"
	"reflect"

	jackpal "github.com/jackpal/bencode-go"
)

// Unmarshal reads b, one strict value with nothing behind it, into the Go value
// that v points to. It is for files and tools; code that hears from the network
// uses Scan.
//
// Integers go into any integer type that holds them, strings into strings,
// lists into slices, dictionaries into structs and into maps with string keys
// and elements of type string, int or RawMessage, and anything into a
// RawMessage. The key of a struct field is its tag, `bencode:"piece length"`,
// or its name. Other types are refused with a *ShapeError, before b is read.
//
// Keys that no field has are skipped. A key that equals a field's key or name
// but for case is refused with a *KeyError; a value of the wrong kind with a
// *TypeError, and a number that does not fit with a *RangeError, whose Key is
// the path to it. Keys that lack leave their fields zero: see to it that what
// you need is there. An input that would take more than 8 MiB and 32 bytes for
// each of its own is refused.
//
// What v points to is replaced as a whole, and left alone with an error.
// Nothing of it aliases b. Unmarshal may be called concurrently.
func Unmarshal(b []byte, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return &ShapeError{Type: reflect.TypeOf(v), Reason: "Unmarshal needs a pointer that is not nil"}
	}
	s, err := shapeOf(target.Type().Elem(), true)
	if err != nil {
		return err
	}
	val, err := Scan(b, Options{})
	if err != nil {
		return err
	}
	budget := 8<<20 + 32*int64(len(b))
	if err := checkValue(val, s, &budget); err != nil {
		return err
	}
	if budget < 0 {
		return &SyntaxError{Reason: TooCostly}
	}
	decoded := reflect.New(target.Type().Elem())
	if err := decode(b, decoded.Interface()); err != nil {
		return err
	}
	target.Elem().Set(decoded.Elem())
	return nil
}

// decode hands bytes that passed every check to jackpal/bencode-go. No panic is
// known to be left; if there is one, it must not end the program.
func decode(b []byte, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("bencode: decoding into %T: %v", v, r)
		}
	}()
	o := jackpal.DefaultOptions()
	o.Strict = true
	o.MaxStringLength = -1 // Scan found all strings within b
	if err := jackpal.UnmarshalWithOptions(bytes.NewReader(b), v, o); err != nil {
		return fmt.Errorf("bencode: decoding into %T: %w", v, err)
	}
	return nil
}
