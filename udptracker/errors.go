package udptracker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// ErrClosed says that the [Trackers] were closed.
var ErrClosed = errors.New("the sockets for trackers are closed")

// A TimeoutError says that no valid answer came in time. It matches
// os.ErrDeadlineExceeded.
type TimeoutError struct {
	// Waited is how long the call waited.
	Waited time.Duration

	// Ignored is the number of packets that came meanwhile and were no answer, from
	// anywhere.
	Ignored int
}

// Error returns what happened.
func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("no answer came for %v", e.Waited.Round(time.Second))
	if e.Ignored > 0 {
		text += fmt.Sprintf("; %d packets that were no valid answers were ignored", e.Ignored)
	}
	return text
}

// Unwrap returns os.ErrDeadlineExceeded.
func (e *TimeoutError) Unwrap() error { return os.ErrDeadlineExceeded }

// A FailureError says that a tracker refused a request with an error packet:
// https://www.bittorrent.org/beps/bep_0015.html#errors.
type FailureError struct {
	// Reason is the tracker's text on one line, without our passkeys and at most a
	// few hundred bytes long.
	Reason string
}

// Error returns the reason.
func (e *FailureError) Error() string { return "the tracker refused: " + e.Reason }

// A FamilyError says that a tracker has no address of a family that we announce from.
type FamilyError struct {
	Has string // the family that it has, "IPv4" or "IPv6"
}

// Error names the families.
func (e *FamilyError) Error() string {
	other := "IPv6"
	if e.Has == "IPv6" {
		other = "IPv4"
	}
	return fmt.Sprintf("the tracker has only %s addresses, but we announce only over %s; bind an %s address too, or use another tracker", e.Has, other, e.Has)
}

// A TooLongError says that the path and query of a URL do not fit into a packet.
type TooLongError struct {
	Length int // of the announce packet, in bytes
	Max    int // that a packet may have, in bytes
}

// Error returns both lengths.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("with the path and query of this URL an announce has %d bytes, more than the %d of a packet; check the URL", e.Length, e.Max)
}

// A SchemeError says that a tracker's URL has a scheme other than udp.
type SchemeError struct {
	Scheme string // in lower case, as it is in the URL
}

// Error names the scheme.
func (e *SchemeError) Error() string {
	return fmt.Sprintf("the scheme %.20q is not that of a UDP tracker; use a URL that begins with udp://", e.Scheme)
}

// A FloodError says that a call was given up because of packets that are no answers.
type FloodError struct {
	Packets int // that came while the call waited
}

// Error returns the number of packets.
func (e *FloodError) Error() string {
	return fmt.Sprintf("%d packets came that are no answers, so the request was given up; it is sent again later", e.Packets)
}

// hideSecrets returns err without secrets. If the text of err contains secrets, the
// result has only the cleaned text.
func hideSecrets(err error, secrets []string) error {
	text := err.Error()
	if cleaned := announceurl.Hide(text, secrets); cleaned != text {
		return errors.New(cleaned)
	}
	return err
}

// A routesError holds the errors of several routes.
type routesError []error

func (e routesError) Error() string {
	var texts []string
	for _, err := range e {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (e routesError) Unwrap() []error { return e }

// joinRoutes combines the errors of the routes; nil if there are none. It leaves out that
// we cannot send in one family, unless that is the only error.
func joinRoutes(errs []error) error {
	var shown routesError
	for _, err := range errs {
		var local *net.OpError
		if !errors.As(err, &local) {
			shown = append(shown, err)
		}
	}
	if len(shown) == 0 {
		shown = errs
	}
	switch len(shown) {
	case 0:
		return nil
	case 1:
		return shown[0]
	}
	return shown
}
