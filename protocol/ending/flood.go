package ending

import (
	"fmt"

	"github.com/shoal-bt/shoal/peerwire"
)

// Flood is ErrFlood with the kind of the last message and what is wrong with it.
func Flood(k peerwire.Kind, format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFlood, &peerwire.ProtocolError{Message: k, Reason: fmt.Sprintf(format, args...)})
}
