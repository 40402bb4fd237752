package bencode

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// A Reason says which rule of bencode, or which limit, the input breaks. The rules are
// those of https://www.bittorrent.org/beps/bep_0003.html#bencoding.
type Reason uint8

// The reasons. The last four are limits; see Reason.Limit.
const (
	// Truncated: the input ends within a value, or is empty.
	Truncated Reason = iota + 1
	// BadByte: no value starts with this byte, or the byte in a string's length
	// is no digit.
	BadByte
	// IntUnterminated: the input ends before the integer's closing e.
	IntUnterminated
	// IntNegativeZero: the integer is -0.
	IntNegativeZero
	// IntZeroPadded: the integer has leading zeros.
	IntZeroPadded
	// IntMalformed: the integer has no digits, or other bytes among them.
	IntMalformed
	// IntOverflow: the integer does not fit in 64 bits, sign included.
	IntOverflow
	// KeyUnsorted: the key sorts before the previous key.
	KeyUnsorted
	// KeyDuplicate: the key equals the previous key.
	KeyDuplicate
	// KeyNotString: the key is not a string.
	KeyNotString
	// LengthNegative: a string's length is negative.
	LengthNegative
	// LengthZeroPadded: a string's length has leading zeros.
	LengthZeroPadded
	// LengthOverflow: a string's length exceeds the rest of the input.
	LengthOverflow
	// TrailingData: the input continues after the value.
	TrailingData
	// TooDeep: lists and dictionaries are nested deeper than Options.MaxDepth.
	TooDeep
	// StringTooLong: a string is longer than Options.MaxString.
	StringTooLong
	// TooManyTokens: there are more values and keys than Options.MaxTokens.
	TooManyTokens
	// TooCostly: as Go values the input would take far more memory than its
	// length. Only Unmarshal returns this reason.
	TooCostly
)

var reasons = [...]string{
	Truncated:        "the input ends too soon",
	BadByte:          "unexpected byte",
	IntUnterminated:  "integer without closing e",
	IntNegativeZero:  "integer is -0",
	IntZeroPadded:    "integer has leading zeros",
	IntMalformed:     "integer has a byte that is no digit, or none at all",
	IntOverflow:      "integer does not fit in 64 bits",
	KeyUnsorted:      "key is not in order",
	KeyDuplicate:     "key appears twice",
	KeyNotString:     "key is not a string",
	LengthNegative:   "string length is negative",
	LengthZeroPadded: "string length has leading zeros",
	LengthOverflow:   "string goes past the end of the input",
	TrailingData:     "data follows the value",
	TooDeep:          "lists and dictionaries nest too deep",
	StringTooLong:    "string is too long",
	TooManyTokens:    "too many values",
	TooCostly:        "values would take too much memory",
}

// String describes the reason.
func (r Reason) String() string {
	if int(r) < len(reasons) && reasons[r] != "" {
		return reasons[r]
	}
	return "reason " + strconv.Itoa(int(r))
}

// Limit reports whether the input exceeds a limit. It may still be valid bencode.
func (r Reason) Limit() bool { return r >= TooDeep }

// A SyntaxError says where and why the input was refused.
type SyntaxError struct {
	Offset int // of the first wrong byte, from the start of the input
	Reason Reason
}

func (e *SyntaxError) Error() string {
	return "bencode: offset " + strconv.Itoa(e.Offset) + ": " + e.Reason.String()
}

// A TypeError means that a value exists but has the wrong kind.
type TypeError struct {
	Key  string // the value's key, or the path to it; may be empty
	Want Kind
	Got  Kind
}

func (e *TypeError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("bencode: want %v, got %v", e.Want, e.Got)
	}
	return fmt.Sprintf("bencode: key %q: want %v, got %v", e.Key, e.Want, e.Got)
}

// A MissingError means that a key is missing in a dictionary. For optional keys see
// IsMissing.
type MissingError struct {
	Key string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("bencode: key %q is missing", e.Key)
}

// IsMissing reports whether err is, or wraps, a *MissingError. It serves to read an
// optional key:
//
//	n, err := v.GetInt("private")
//	if err != nil && !bencode.IsMissing(err) {
//		return err
//	}
func IsMissing(err error) bool {
	var m *MissingError
	return errors.As(err, &m)
}

// A KeyError means that a dictionary has a key that differs only in case from the key or
// the name of a struct field.
type KeyError struct {
	Key  string // the path to the key in the input
	Want string // the field's key
}

func (e *KeyError) Error() string {
	return fmt.Sprintf("bencode: key %q differs only in case from a field of the key %q", e.Key, e.Want)
}

// A RangeError means that a number does not fit in its Go type.
type RangeError struct {
	Key   string // the path to the number
	Value int64
	Type  reflect.Type
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("bencode: key %q: %d does not fit in %v", e.Key, e.Value, e.Type)
}
