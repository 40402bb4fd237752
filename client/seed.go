package client

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/seedcontent"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// SeedOptions are about content to share. The zero value is ready for use, except that
// bytes and an fs.FS without Root need Build.Name.
type SeedOptions struct {
	// Build makes the torrent: its name, trackers, format, piece length.
	Build builder.Options

	// Root is the file or folder to share in an fs.FS. Empty means all of it.
	Root string

	// Add are options as for Add. Dir, Trust, Recheck and Overwrite are ignored.
	Add AddOptions
}

// Seed makes a torrent of content and seeds it. content is the path of a file or
// folder, an fs.FS, or a []byte. It must not change while it is seeded, and is never
// written to. Seed hashes all of it before it returns, unless ctx ends first. To get the
// .torrent file, call Torrent.Metainfo and then its method Bytes.
func (c *Client) Seed(ctx context.Context, content any, options ...SeedOptions) (*Torrent, error) {
	o, err := optional(options)
	if err == nil {
		err = c.beginCall()
	}
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer c.endCall()
	ctx, cancel := c.callContext(ctx)
	defer cancel()
	meta, seed, err := seedcontent.Build(ctx, content, o.Build, o.Root, c.config.Disk.Handles)
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	o.Add.Dir = seed.Dir
	return c.addNamed(ctx, meta, o.Add, seed)
}
