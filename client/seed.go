package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// SeedOptions are about content to share. The zero value is ready for use, but for
// the name of bytes and of the root of an fs.FS.
type SeedOptions struct {
	// Build makes the torrent: its name, trackers, format, piece length.
	Build builder.Options

	// Root is the file or folder in an fs.FS. Empty means all of it.
	Root string

	// Add are options as for Add; Dir, Trust, Recheck and Overwrite are not
	// used.
	Add AddOptions
}

// Seed makes a torrent of content and seeds it. content is the path of a file or
// folder, an fs.FS, or a []byte, which must not change then. What it is made from
// is never written to. It hashes everything before it returns, which ctx can end.
// The torrent file is Torrent.Metainfo().Bytes().
func (c *Client) Seed(ctx context.Context, content any, options ...SeedOptions) (*Torrent, error) {
	o, err := single(options)
	if err == nil {
		err = c.enter()
	}
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	defer c.calls.Done()
	ctx, cancel := c.within(ctx)
	defer cancel()
	meta, place, err := c.build(ctx, content, o)
	if err != nil {
		return nil, fmt.Errorf("client: %w", caused(ctx, err))
	}
	o.Add.Dir = place.dir
	return c.start(ctx, meta, o.Add, place)
}

// build makes the torrent and says where its content is.
func (c *Client) build(ctx context.Context, content any, o SeedOptions) (*metainfo.Torrent, *place, error) {
	switch content := content.(type) {
	case string:
		name, err := filepath.Abs(content)
		if err != nil {
			return nil, nil, err
		}
		if o.Build.Name == "" {
			o.Build.Name = filepath.Base(name)
		}
		// Where a link leads is where the bytes are, and where stores look.
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, nil, err
		}
		meta, err := o.Build.File(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		return meta, &place{dir: filepath.Dir(name), files: meta.BuiltFrom}, nil
	case fs.FS:
		root := o.Root
		if root == "" {
			root = "."
		}
		meta, err := o.Build.FS(ctx, content, root)
		if err != nil {
			return nil, nil, err
		}
		store, err := diskstore.Open(".", meta.BuiltFrom, diskstore.Options{
			FS: readOnly{content, path.Dir(root)}, Handles: c.config.Disk.Handles, NoSymlinks: true,
		})
		if err != nil {
			return nil, nil, &StoreError{"open", err}
		}
		return meta, &place{storage: store}, nil
	case []byte:
		if o.Build.Name == "" {
			return nil, nil, errors.New("bytes need a name, in SeedOptions.Build")
		}
		meta, err := o.Build.Bytes(ctx, o.Build.Name, content)
		if err != nil {
			return nil, nil, err
		}
		return meta, &place{storage: constant{bytes.NewReader(content)}}, nil
	}
	return nil, nil, fmt.Errorf("cannot seed a %T: want a path, an fs.FS or []byte", content)
}

// constant is a Storage of bytes that do not change.
type constant struct{ *bytes.Reader }

var _ swarm.Storage = constant{}

func (constant) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (constant) Close() error                       { return nil }
