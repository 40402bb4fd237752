package peerwire

// The names under which extensions are agreed upon in the extension handshake.
const (
	// MetadataName is that of MetadataMessage,
	// https://www.bittorrent.org/beps/bep_0009.html.
	MetadataName = "ut_metadata"

	// PEXName is that of PEX, https://www.bittorrent.org/beps/bep_0011.html.
	PEXName = "ut_pex"

	// DontHaveName is that of the message that ParseDontHave reads,
	// https://www.bittorrent.org/beps/bep_0054.html.
	DontHaveName = "lt_donthave"
)

// maxExtensions is the number of extensions that are remembered of a peer.
const maxExtensions = 128

// Extensions are the names of extensions and the numbers under which their sender
// wants to receive them, in Message.ExtID. Number 0 switches an extension off.
// Like any map it may be read, but not changed, by several goroutines at once.
type Extensions map[string]uint8

// ID returns the number to send an extension's messages with. It reports false for
// one that the peer does not want.
func (e Extensions) ID(name string) (uint8, bool) {
	id := e[name]
	return id, id != 0
}

// Name returns the name of the extension with a number, or "" if there is none. Of
// several it returns the first in alphabetical order.
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

// Update carries out what a later handshake changes: it adds, and removes what has
// number 0 (BEP 10). e must not be nil. It never grows beyond 128 names, however
// many handshakes a peer sends.
func (e Extensions) Update(changes Extensions) {
	for name, id := range changes {
		if id == 0 {
			delete(e, name)
		}
	}
	for name, id := range changes {
		if _, ok := e[name]; id != 0 && (ok || len(e) < maxExtensions) {
			e[name] = id
		}
	}
}
