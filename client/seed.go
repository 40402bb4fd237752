package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/readonly"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
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
	meta, seed, err := c.buildSeed(ctx, content, o)
	if err != nil {
		return nil, fmt.Errorf("client: %w", withCause(ctx, err))
	}
	o.Add.Dir = seed.dir
	return c.addNamed(ctx, meta, o.Add, seed)
}

// buildSeed makes the torrent and says where its content is.
func (c *Client) buildSeed(ctx context.Context, content any, o SeedOptions) (*metainfo.Torrent, *seedContent, error) {
	switch content := content.(type) {
	case string:
		name, err := filepath.Abs(content)
		if err != nil {
			return nil, nil, err
		}
		if o.Build.Name == "" {
			o.Build.Name = filepath.Base(name)
		}
		// A store does not follow links, so it needs the path of the target.
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, nil, err
		}
		meta, err := o.Build.File(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		return meta, &seedContent{dir: filepath.Dir(name), files: meta.BuiltFrom}, nil
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
			FS: readonly.New(content, path.Dir(root)), Handles: c.config.Disk.Handles, NoSymlinks: true,
		})
		if err != nil {
			return nil, nil, &StoreError{Op: "open", Err: err}
		}
		return meta, &seedContent{storage: store}, nil
	case []byte:
		if o.Build.Name == "" {
			return nil, nil, errors.New("bytes have no name; set SeedOptions.Build.Name")
		}
		meta, err := o.Build.Bytes(ctx, o.Build.Name, content)
		if err != nil {
			return nil, nil, err
		}
		return meta, &seedContent{storage: byteStorage{bytes.NewReader(content)}}, nil
	}
	return nil, nil, fmt.Errorf("cannot seed a %T; pass a path, an fs.FS or a []byte", content)
}

// byteStorage is a Storage of bytes that do not change.
type byteStorage struct{ *bytes.Reader }

var _ swarm.Storage = byteStorage{}

func (byteStorage) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (byteStorage) Close() error                       { return nil }
