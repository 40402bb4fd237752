package bencode

import (
	"bytes"
	"fmt"
	"reflect"

	jackpal "github.com/jackpal/bencode-go"
)

// Unmarshal decodes b, one strict value and nothing else, into the Go value that v points
// to. It is for files and tools; for bytes from the network use Scan.
//
// Integers are decoded into integer types, strings into strings, lists into slices,
// dictionaries into structs and into maps from string to string, int or RawMessage, and
// any value into a RawMessage. The key of a struct field is its tag,
// `bencode:"piece length"`, or its name. Other types are refused with a *ShapeError,
// before b is read.
//
// Unknown keys are skipped, and a missing key leaves its field zero: check that the keys
// you need are there. A key that differs only in case from a field's key or name is
// refused with a *KeyError, a value of the wrong kind with a *TypeError, and a number
// that does not fit with a *RangeError. Their Key is the path to the value. An input that
// would take more than 8 MiB and 32 bytes for each of its bytes is refused with a
// *SyntaxError.
//
// What v points to is replaced as a whole; after an error it is unchanged. It shares no
// bytes with b. Unmarshal may be called concurrently.
func Unmarshal(b []byte, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return &ShapeError{Type: reflect.TypeOf(v), Reason: "Unmarshal needs a pointer, which must not be nil"}
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

// decode decodes bytes that passed every check with jackpal/bencode-go. No panic of it is
// known that the checks do not prevent; one that is not known must not end the program.
func decode(b []byte, v any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("bencode: decoding into %T: %v", v, r)
		}
	}()
	o := jackpal.DefaultOptions()
	o.Strict = true
	o.MaxStringLength = -1 // Scan has checked that all strings are within b
	if err := jackpal.UnmarshalWithOptions(bytes.NewReader(b), v, o); err != nil {
		return fmt.Errorf("bencode: decoding into %T: %w", v, err)
	}
	return nil
}
