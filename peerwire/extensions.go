package peerwire

// The names of extensions in the extension handshake, see
// https://www.bittorrent.org/beps/bep_0010.html#handshake-message.
const (
	// MetadataName is the extension of MetadataMessage,
	// https://www.bittorrent.org/beps/bep_0009.html#extension-header.
	MetadataName = "ut_metadata"

	// PEXName is the extension of PEX,
	// https://www.bittorrent.org/beps/bep_0011.html#protocol-extension.
	PEXName = "ut_pex"

	// DontHaveName is the extension of ParseDontHave,
	// https://www.bittorrent.org/beps/bep_0054.html.
	DontHaveName = "lt_donthave"
)

// maxExtensions is how many extensions of one peer are stored.
const maxExtensions = 128

// Extensions maps the names of extensions to the numbers that a peer expects in
// Message.ExtID of the messages that it receives. Number 0 means that the extension is
// off. Several goroutines may read one Extensions at once, as with any map.
type Extensions map[string]uint8

// ID returns the number for messages of an extension. It reports false if the peer
// does not support the extension.
func (e Extensions) ID(name string) (uint8, bool) {
	id := e[name]
	return id, id != 0
}

// Name returns the name of the extension with the given number, or "" if there is none.
// If several have it, Name returns the first in alphabetical order.
func (e Extensions) Name(id uint8) string {
	if id == 0 {
		return ""
	}
	first := ""
	for name, n := range e {
		if n == id && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

// Update applies the changes of a later handshake: it removes the extensions with number
// 0 and adds or replaces the others, see
// https://www.bittorrent.org/beps/bep_0010.html#handshake-message. e must not be nil. It
// never grows beyond 128 names, however many handshakes a peer sends.
func (e Extensions) Update(changes Extensions) {
	for name, id := range changes {
		if id == 0 {
			delete(e, name)
		}
	}
	for name, id := range changes {
		_, known := e[name]
		if id != 0 && (known || len(e) < maxExtensions) {
			e[name] = id
		}
	}
}
