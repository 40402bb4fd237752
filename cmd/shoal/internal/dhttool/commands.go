package dhttool

import (
	"context"
	"io"

	"github.com/shoal-bt/shoal/metainfo"
)

// Commands are the commands of "shoal dht".
type Commands struct {
	Ping   Ping   `cmd:"" help:"Ask one node whether it is there, and who it is."`
	Peers  Peers  `cmd:"" help:"Find peers of a torrent."`
	Scrape Scrape `cmd:"" help:"Count the peers of a torrent."`
	Get    Get    `cmd:"" help:"Show an item that somebody stored."`
	Put    Put    `cmd:"" help:"Store an item: a short text or file."`
	Sample Sample `cmd:"" help:"List torrents that nodes know peers of."`
	Nodes  Nodes  `cmd:"" help:"Find the nodes nearest to a target."`
}

// Help is shown below the usage.
func (Commands) Help() string {
	return `The DHT is a network in which programs find each other, and store small items, without a server. These commands ask it and answer nobody. For help on one of them, with examples, run "shoal help dht COMMAND".

Examples:

    shoal dht peers some.torrent
    shoal dht put "Hello World!"`
}

// A Program is what the commands are part of.
type Program struct {
	Say  func(format string, args ...any) // prints a line for people
	Emit func(object any)                 // prints an object for programs
	Warn func(format string, args ...any)

	Stdin      io.Reader
	Stdout     io.Writer // for bytes that are neither lines nor objects
	IsTerminal bool      // Stdout is one
	IsJSON     bool      // Stdout is for programs

	// Link returns the magnet link that the user named, or a link to the torrent of a
	// .torrent file or of an info hash. It is an error if the torrent is private.
	Link func(ctx context.Context, source string) (*metainfo.Magnet, error)
}

// Objects returns one of each object that the commands print for programs.
func Objects() []any {
	return []any{pongJSON{}, peerJSON{}, countJSON{}, itemJSON{}, storedJSON{}, sampleJSON{}, nodeJSON{}}
}
