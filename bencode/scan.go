package bencode

import (
	"bytes"
	"math"
)

// Defaults of Options.
const (
	defaultDepth  = 100
	defaultTokens = 3_000_000
)

// Options say what Scan accepts. The zero value is strict, with the default limits.
type Options struct {
	// Lenient accepts common mistakes of other programs: keys that are unsorted or
	// appear twice (look-ups find the first), leading zeros in integers and
	// lengths, and the integer -0.
	Lenient bool

	// MaxDepth is how deep lists and dictionaries may be nested. Zero means 100, a
	// negative number means no limit. Beyond 100 Scan allocates memory.
	MaxDepth int

	// MaxString is how long a string may be, in bytes. Zero or a negative number
	// means that only the input limits it.
	MaxString int

	// MaxTokens is how many values, keys included, there may be. Zero means 3
	// million, a negative number means no limit.
	MaxTokens int
}

// withDefaults returns o with each zero replaced by its default, and a huge number for no
// limit.
func (o Options) withDefaults() Options {
	o.MaxDepth = resolveLimit(o.MaxDepth, defaultDepth)
	o.MaxTokens = resolveLimit(o.MaxTokens, defaultTokens)
	o.MaxString = resolveLimit(o.MaxString, math.MaxInt)
	return o
}

// resolveLimit returns the limit that a field of Options means.
func resolveLimit(n, byDefault int) int {
	switch {
	case n == 0:
		return byDefault
	case n < 0:
		return math.MaxInt
	}
	return n
}

// Scan checks that b is one value and nothing else, by the rules of
// https://www.bittorrent.org/beps/bep_0003.html#bencoding, and returns the value, which
// points into b. The error is a *SyntaxError. Scan may be called concurrently.
func Scan(b []byte, o Options) (Value, error) {
	end, err := scan(b, o.withDefaults())
	if err != nil {
		return Value{}, err
	}
	if end != len(b) {
		return Value{}, &SyntaxError{Offset: end, Reason: TrailingData}
	}
	return Value{raw: b[:end:end]}, nil
}

// ScanPrefix checks that b starts with a value, and returns the value and the bytes that
// follow it. Both point into b. The error is a *SyntaxError. It is for messages in which
// other bytes follow a dictionary, such as those of
// https://www.bittorrent.org/beps/bep_0009.html#extension-message.
func ScanPrefix(b []byte, o Options) (v Value, rest []byte, err error) {
	end, err := scan(b, o.withDefaults())
	if err != nil {
		return Value{}, nil, err
	}
	return Value{raw: b[:end:end]}, b[end:], nil
}

// The lists and dictionaries around the current position are a stack of ints: inList for
// a list; for a dictionary the offset of its last key, or inDict before the first.
const (
	inList = -1
	inDict = -2
)

// scan returns the offset of the first byte after the value that b starts with.
func scan(b []byte, o Options) (int, error) {
	var fixed [defaultDepth]int
	stack := fixed[:0]
	pos, tokens := 0, 0
	wantKey := false // whether a key must come next
	for {
		if pos == len(b) {
			return 0, &SyntaxError{Offset: pos, Reason: Truncated}
		}
		c := b[pos]
		if c == 'e' && len(stack) > 0 && (wantKey || stack[len(stack)-1] == inList) {
			pos++
			stack = stack[:len(stack)-1]
		} else {
			tokens++
			if tokens > o.MaxTokens {
				return 0, &SyntaxError{Offset: pos, Reason: TooManyTokens}
			}
			next, err := scanToken(b, pos, wantKey, &o)
			if err != nil {
				return 0, err
			}
			if wantKey {
				if err := checkOrder(b, stack[len(stack)-1], pos, &o); err != nil {
					return 0, err
				}
				stack[len(stack)-1] = pos
				pos, wantKey = next, false
				continue
			}
			pos = next
			if c == 'l' || c == 'd' {
				if len(stack) >= o.MaxDepth {
					return 0, &SyntaxError{Offset: pos - 1, Reason: TooDeep}
				}
				wantKey = c == 'd'
				if wantKey {
					stack = append(stack, inDict)
				} else {
					stack = append(stack, inList)
				}
				continue
			}
		}
		if len(stack) == 0 {
			return pos, nil
		}
		wantKey = stack[len(stack)-1] != inList
	}
}

// scanToken returns the offset after the token at pos: after a string, an integer, or the
// first byte of a list or dictionary. key says that it must be a string.
func scanToken(b []byte, pos int, key bool, o *Options) (int, error) {
	switch c := b[pos]; {
	case '0' <= c && c <= '9':
		return scanString(b, pos, o)
	case c == '-' && pos+1 < len(b) && '0' <= b[pos+1] && b[pos+1] <= '9':
		return 0, &SyntaxError{Offset: pos, Reason: LengthNegative}
	case key && (c == 'i' || c == 'l' || c == 'd'):
		return 0, &SyntaxError{Offset: pos, Reason: KeyNotString}
	case c == 'i':
		_, next, reason := scanInt(b, pos, o.Lenient)
		if reason != 0 {
			return 0, &SyntaxError{Offset: next, Reason: reason}
		}
		return next, nil
	case c == 'l' || c == 'd':
		return pos + 1, nil
	}
	return 0, &SyntaxError{Offset: pos, Reason: BadByte}
}

// checkOrder checks that the key at pos sorts after the previous one, at last. See
// https://www.bittorrent.org/beps/bep_0003.html#bencoding.
func checkOrder(b []byte, last, pos int, o *Options) error {
	if last == inDict || o.Lenient {
		return nil
	}
	switch bytes.Compare(stringAt(b, last), stringAt(b, pos)) {
	case 0:
		return &SyntaxError{Offset: pos, Reason: KeyDuplicate}
	case 1:
		return &SyntaxError{Offset: pos, Reason: KeyUnsorted}
	}
	return nil
}

// scanString returns the offset after the string at pos, which starts with a digit.
func scanString(b []byte, pos int, o *Options) (int, error) {
	var n uint64 // at most 10 × len(b) + 9, so it cannot overflow
	i := pos
	for ; ; i++ {
		if i == len(b) {
			return 0, &SyntaxError{Offset: i, Reason: Truncated}
		}
		c := b[i]
		if c == ':' {
			break
		}
		if c < '0' || c > '9' {
			return 0, &SyntaxError{Offset: i, Reason: BadByte}
		}
		n = n*10 + uint64(c-'0')
		if n > uint64(len(b)) {
			return 0, &SyntaxError{Offset: pos, Reason: LengthOverflow}
		}
	}
	if b[pos] == '0' && i > pos+1 && !o.Lenient {
		return 0, &SyntaxError{Offset: pos, Reason: LengthZeroPadded}
	}
	i++
	if n > uint64(len(b)-i) {
		return 0, &SyntaxError{Offset: pos, Reason: LengthOverflow}
	}
	if n > uint64(o.MaxString) {
		return 0, &SyntaxError{Offset: pos, Reason: StringTooLong}
	}
	return i + int(n), nil
}

// scanInt reads the integer at pos, which starts with an i. It returns the integer and the
// offset after it, or a reason and the offset of the first wrong byte.
func scanInt(b []byte, pos int, lenient bool) (n int64, next int, reason Reason) {
	i := pos + 1
	maxAbs := uint64(math.MaxInt64)
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
		maxAbs++
	}
	first := i
	var u uint64
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		d := uint64(b[i] - '0')
		if u > (maxAbs-d)/10 {
			return 0, pos, IntOverflow
		}
		u = u*10 + d
	}
	switch digits := i - first; {
	case i == len(b):
		return 0, pos, IntUnterminated
	case b[i] != 'e' || digits == 0:
		return 0, i, IntMalformed
	case lenient || b[first] != '0':
	case digits > 1:
		return 0, pos, IntZeroPadded
	case negative:
		return 0, pos, IntNegativeZero
	}
	if negative {
		return -int64(u), i + 1, 0
	}
	return int64(u), i + 1, 0
}

// stringAt returns the content of the string at pos. b must have passed scan.
func stringAt(b []byte, pos int) []byte {
	n := 0
	for ; b[pos] != ':'; pos++ {
		n = n*10 + int(b[pos]-'0')
	}
	pos++
	return b[pos : pos+n : pos+n]
}

// skipValue returns the offset after the value at pos. b must have passed scan.
func skipValue(b []byte, pos int) int {
	for depth := 0; ; {
		switch c := b[pos]; c {
		case 'i':
			pos += 2
			for b[pos] != 'e' {
				pos++
			}
			pos++
		case 'l', 'd':
			depth++
			pos++
		case 'e':
			depth--
			pos++
		default:
			n := 0
			for ; b[pos] != ':'; pos++ {
				n = n*10 + int(b[pos]-'0')
			}
			pos += 1 + n
		}
		if depth == 0 {
			return pos
		}
	}
}
