package bencode

import "strconv"

// The Append functions append one token of bencode to dst and return the extended slice,
// as the built-in append does. They check nothing: in a dictionary the caller appends
// the keys in sorted order, each followed by its value.

// AppendInt appends an integer.
func AppendInt(dst []byte, i int64) []byte {
	dst = append(dst, 'i')
	dst = strconv.AppendInt(dst, i, 10)
	return append(dst, 'e')
}

// AppendString appends a string, which may be a key.
func AppendString(dst []byte, s string) []byte {
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	dst = append(dst, ':')
	return append(dst, s...)
}

// AppendBytes appends a string whose content is b.
func AppendBytes(dst, b []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(b)), 10)
	dst = append(dst, ':')
	return append(dst, b...)
}

// AppendList begins a list. Its elements and AppendEnd must follow.
func AppendList(dst []byte) []byte { return append(dst, 'l') }

// AppendDict begins a dictionary. Its keys, each before its value, and
// AppendEnd must follow.
func AppendDict(dst []byte) []byte { return append(dst, 'd') }

// AppendEnd ends the list or dictionary that was begun last.
func AppendEnd(dst []byte) []byte { return append(dst, 'e') }
