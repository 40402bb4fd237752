package metainfo

// An InvalidError says that a torrent or link is malformed or exceeds a limit. The
// fault is in the bytes, not in reading them. Every error of Parse, ParseInfo and
// ParseMagnet is one.
type InvalidError struct {
	Err error // what is wrong, and where
}

func (e *InvalidError) Error() string { return "metainfo: " + e.Err.Error() }

// Unwrap returns what is wrong; it may be a *bencode.SyntaxError or a
// *bencode.TypeError.
func (e *InvalidError) Unwrap() error { return e.Err }
