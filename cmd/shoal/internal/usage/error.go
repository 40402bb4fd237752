package usage

// An Error says that the arguments are wrong.
type Error struct{ Err error }

// Error returns the message.
func (e Error) Error() string { return e.Err.Error() }

// Unwrap returns the error without the mark.
func (e Error) Unwrap() error { return e.Err }
