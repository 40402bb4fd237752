package bencode

// A Kind tells the four sorts of bencode values apart.
type Kind uint8

// The kinds. Invalid is that of the zero Value.
const (
	Invalid Kind = iota
	Integer
	String
	List
	Dict
)

// String returns the kind's name with its article, as error texts use it.
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

// kindOf tells a value's kind by its first byte.
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
