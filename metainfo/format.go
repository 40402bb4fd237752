package metainfo

import "fmt"

// A Format says which protocol versions a torrent is for.
type Format uint8

// The formats. A hybrid is for both versions.
const (
	V1 Format = iota
	V2
	Hybrid
)

// String returns the format as "v1", "v2" or "hybrid".
func (f Format) String() string {
	switch f {
	case V1:
		return "v1"
	case V2:
		return "v2"
	case Hybrid:
		return "hybrid"
	}
	return fmt.Sprintf("format %d", uint8(f))
}
