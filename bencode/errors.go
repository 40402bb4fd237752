package bencode

import (
	"errors"
	"fmt"
	"strconv"
)

// A Reason says which rule of bencode some bytes break.
type Reason uint8

// The reasons. The last four are limits of Options; see Reason.Limit.
const (
	// Truncated: the input ends where a value or its rest should be.
	Truncated Reason = iota + 1
	// BadByte: no value starts with this byte, or a length has a byte that
	// is no digit.
	BadByte
	// IntUnterminated: the input ends before the integer's closing e.
	IntUnterminated
	// IntNegativeZero: the integer is -0.
	IntNegativeZero
	// IntZeroPadded: the integer has leading zeros.
	IntZeroPadded
	// IntMalformed: the integer has no digits, or something else among them.
	IntMalformed
	// IntOverflow: the integer does not fit in 64 bits with sign.
	IntOverflow
	// KeyUnsorted: the key sorts before the one ahead of it.
	KeyUnsorted
	// KeyDuplicate: the key equals the one ahead of it.
	KeyDuplicate
	// KeyNotString: the key is not a string.
	KeyNotString
	// LengthNegative: a string's length is negative.
	LengthNegative
	// LengthZeroPadded: a string's length has leading zeros.
	LengthZeroPadded
	// LengthOverflow: a string's length goes past the end of the input.
	LengthOverflow
	// TrailingData: something follows the value.
	TrailingData
	// TooDeep: lists and dictionaries nest deeper than Options.MaxDepth.
	TooDeep
	// StringTooLong: a string is longer than Options.MaxString.
	StringTooLong
	// TooManyTokens: there are more values and keys than Options.MaxTokens.
	TooManyTokens
	// TooCostly: as Go values the input would take far more memory than it
	// is long. Only Unmarshal gives this reason.
	TooCostly
)

var reasons = [...]string{
	Truncated:        "the input ends too soon",
	BadByte:          "unexpected byte",
	IntUnterminated:  "integer without its end",
	IntNegativeZero:  "integer is negative zero",
	IntZeroPadded:    "integer has leading zeros",
	IntMalformed:     "integer is not a number",
	IntOverflow:      "integer exceeds 64 bits",
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

// Limit reports whether the input may be valid bencode and only exceeds a
// limit.
func (r Reason) Limit() bool { return r >= TooDeep }

// A SyntaxError says where and why bytes are not acceptable bencode.
type SyntaxError struct {
	Offset int // of the byte that is wrong, from the start of the input
	Reason Reason
}

func (e *SyntaxError) Error() string {
	return "bencode: offset " + strconv.Itoa(e.Offset) + ": " + e.Reason.String()
}

// A TypeError says that a value is there but of the wrong kind.
type TypeError struct {
	Key  string // that the value was looked up by, or the path to it; may be empty
	Want Kind
	Got  Kind
}

func (e *TypeError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("bencode: want %v, got %v", e.Want, e.Got)
	}
	return fmt.Sprintf("bencode: key %q: want %v, got %v", e.Key, e.Want, e.Got)
}

// A MissingError says that a dictionary lacks a key. For a key that is
// optional, see IsMissing.
type MissingError struct {
	Key string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("bencode: key %q is missing", e.Key)
}

// IsMissing reports whether err is, or wraps, a *MissingError. So an optional
// key is read:
//
//	n, err := v.GetInt("private")
//	if err != nil && !bencode.IsMissing(err) {
//		return err
//	}
func IsMissing(err error) bool {
	var m *MissingError
	return errors.As(err, &m)
}
