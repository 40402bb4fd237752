package chooser

import "bytes"

// A Key is what the user pressed, by its meaning.
type Key int

// The keys.
const (
	Up Key = iota + 1
	Down
	Left
	Right
	PageUp
	PageDown
	Home
	End
	Space // choose, or take back
	All   // choose all, or none
	Enter // accept
	Abort
)

// plain are the keys that send one byte.
var plain = map[byte]Key{
	' ': Space, '\r': Enter, '\n': Enter, 'a': All, 'A': All,
	'q': Abort, 'Q': Abort, 0x03: Abort, 0x04: Abort, // Ctrl-C and Ctrl-D
	'k': Up, 'j': Down, 'h': Left, 'l': Right, 'g': Home, 'G': End,
	0x10: Up, 0x0e: Down, 0x02: PageUp, 0x06: PageDown, // Ctrl-P, -N, -B and -F
}

// sequences are what other keys send after the escape character.
var sequences = map[string]Key{
	"[A": Up, "[B": Down, "[C": Right, "[D": Left, "[H": Home, "[F": End,
	"OA": Up, "OB": Down, "OC": Right, "OD": Left, "OH": Home, "OF": End,
	"[5~": PageUp, "[6~": PageDown, "[1~": Home, "[4~": End, "[7~": Home, "[8~": End,
}

const escape = 0x1b

// maxSequence is the length of the longest sequence that is waited for, in bytes.
const maxSequence = 32

// Decode returns the keys that a terminal sent, and the bytes of one that is not complete, which
// stay in b. isEnd says that no more bytes came for a while, so an escape character alone is the
// key Esc. What is no key of ours is left out.
func Decode(b []byte, isEnd bool) (keys []Key, incomplete []byte) {
	for len(b) > 0 {
		if b[0] != escape {
			if k := plain[b[0]]; k != 0 {
				keys = append(keys, k)
			}
			b = b[1:]
			continue
		}
		n := sequenceLength(b)
		switch {
		case n > 0:
			if k := sequences[string(b[1:n])]; k != 0 {
				keys = append(keys, k)
			}
			b = b[n:]
		case !isEnd && len(b) < maxSequence:
			return keys, b
		case len(b) == 1:
			return append(keys, Abort), nil
		default:
			b = b[1:]
		}
	}
	return keys, nil
}

// sequenceLength returns how many bytes a sequence has that begins with an escape character; 0 if
// it is not complete.
func sequenceLength(b []byte) int {
	switch {
	case len(b) < 2, b[1] == escape: // Esc, or Esc twice
		return 0
	case b[1] == 'O' && len(b) < 3:
		return 0
	case b[1] == 'O':
		return 3
	case b[1] != '[':
		return 2 // a key together with Alt
	}
	final := bytes.IndexFunc(b[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e })
	if final < 0 || final > maxSequence {
		return 0
	}
	return 2 + final + 1
}
