package protocol

import "github.com/shoal-bt/shoal/protocol/settings"

// What a State starts from, and what tunes it; see package settings.
type (
	// A Setup is what a State starts from.
	Setup = settings.Setup

	// A Memory is the torrent's share of the block buffers.
	Memory = settings.Memory

	// A Config tunes one torrent.
	Config = settings.Config

	// A Switch is a boolean with a third state: not set.
	Switch = settings.Switch
)

// The states of a Switch.
const (
	Unset = settings.Unset
	On    = settings.On
	Off   = settings.Off
)

// DefaultConfig returns the defaults of all fields. PeerID and UserAgent stay zero, and so
// do those whose default is a part of MaxPeers.
func DefaultConfig() Config { return settings.Default() }
