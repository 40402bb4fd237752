package metainfo

// An InvalidError says that bytes or text are not what they should be: a fault
// of who made them, not of reading them. Every error of Parse, ParseInfo and
// ParseMagnet is one.
type InvalidError struct {
	Err error // what is wrong, and where
}

func (e *InvalidError) Error() string { return "metainfo: " + e.Err.Error() }

// Unwrap returns what is wrong; it may be a *bencode.SyntaxError or a
// *bencode.TypeError.
func (e *InvalidError) Unwrap() error { return e.Err }
