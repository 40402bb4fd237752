package fetch

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/protocol/report"
)

// ErrTwoTorrents says that metadata fits one of the two given info hashes but not the
// other. So they belong to two torrents, and nothing fits both.
var ErrTwoTorrents = errors.New("the two info hashes belong to two different torrents; use a link that has only one of them")

// A SizeError says that the metadata is longer than allowed: for some minutes each peer
// that names its length has named one above the limit.
type SizeError struct {
	Size int // in bytes, as the last of these peers says
	Max  int // in bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("peers say that the metadata has %d bytes, and the limit is %d; raise the limit, or get the .torrent file", e.Size, e.Max)
}

// Why connections end.
var (
	errWrongMetadata = errors.New("the metadata that the peer sent does not fit the info hash")
	errUnasked       = errors.New("the peer sent metadata that was not requested")
	errUnaskedBlock  = errors.New("the peer sent a block that was not requested")
	errLength        = errors.New("a piece of metadata has the wrong length")
	errSizeChanged   = errors.New("the peer names another size of the metadata than before")
	errFlood         = errors.New("the peer sends too much that changes nothing")
	errReplayFull    = errors.New("the peer sent more than is kept until the torrent begins")
	errTimeout       = errors.New("the peer was silent for too long")
	errStalled       = errors.New("the peer does not answer requests for metadata")
	errNoOffer       = errors.New("the peer has no metadata to offer, and a new one needs its place")
)

// endOf returns which kind of end a reason is.
func endOf(why error) report.End {
	switch {
	case errors.Is(why, errWrongMetadata):
		return report.EndBanned
	case errors.Is(why, errFlood), errors.Is(why, errUnasked), errors.Is(why, errUnaskedBlock):
		return report.EndFlood
	case errors.Is(why, errTimeout), errors.Is(why, errStalled):
		return report.EndTimeout
	case errors.Is(why, errReplayFull), errors.Is(why, errNoOffer):
		return report.EndReplaced
	}
	return report.EndBroken
}
