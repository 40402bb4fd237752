package bencode

// A Kind is one of the four kinds of bencode values.
type Kind uint8

// The kinds. The zero Value is Invalid.
const (
	Invalid Kind = iota
	Integer
	String
	List
	Dict
)

// String returns the kind's name with its article, for error texts.
func (k Kind) String() string {
	switch k {
	case Integer:
		return "an integer"
	case String:
		return "a string"
	case List:
		return "a list"
	case Dict:
		return "a dictionary"
	}
	return "no value"
}

// kindOf returns the kind of a value whose first byte is c.
func kindOf(c byte) Kind {
	switch {
	case c == 'i':
		return Integer
	case c == 'l':
		return List
	case c == 'd':
		return Dict
	case '0' <= c && c <= '9':
		return String
	}
	return Invalid
}
