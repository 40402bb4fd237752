// Package seedcontent makes torrents of content that is to be shared.
//
// In comes content: a path, an fs.FS or bytes; out go a torrent and where its content is. Nothing
// is written. Not here: who shares it.
package seedcontent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/readonly"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// Content is where the content of a seed is. All of it exists.
type Content struct {
	Dir     string        // of the operating system; empty for none
	Files   []swarm.File  // below Dir, in the order of the torrent
	Storage swarm.Storage // in place of Dir and Files
}

// Build makes the torrent and says where its content is, which is a path, an fs.FS or a []byte.
// root is the file or folder to share in an fs.FS; empty means all of it. An open storage is the
// caller's.
func Build(ctx context.Context, content any, o builder.Options, root string, handles *diskstore.Handles) (*metainfo.Torrent, *Content, error) {
	switch content := content.(type) {
	case string:
		name, err := filepath.Abs(content)
		if err != nil {
			return nil, nil, err
		}
		if o.Name == "" {
			o.Name = filepath.Base(name)
		}
		// A store does not follow links, so it needs the path of the target.
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return nil, nil, err
		}
		meta, err := o.File(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		return meta, &Content{Dir: filepath.Dir(name), Files: meta.BuiltFrom}, nil
	case fs.FS:
		if root == "" {
			root = "."
		}
		meta, err := o.FS(ctx, content, root)
		if err != nil {
			return nil, nil, err
		}
		store, err := diskstore.Open(".", meta.BuiltFrom, diskstore.Options{
			FS: readonly.New(content, path.Dir(root)), Handles: handles, NoSymlinks: true,
		})
		if err != nil {
			return nil, nil, &lazystorage.Error{Op: "open", Err: err}
		}
		return meta, &Content{Storage: store}, nil
	case []byte:
		if o.Name == "" {
			return nil, nil, errors.New("bytes have no name; set SeedOptions.Build.Name")
		}
		meta, err := o.Bytes(ctx, o.Name, content)
		if err != nil {
			return nil, nil, err
		}
		return meta, &Content{Storage: byteStorage{bytes.NewReader(content)}}, nil
	}
	return nil, nil, fmt.Errorf("cannot seed a %T; pass a path, an fs.FS or a []byte", content)
}

// byteStorage is a Storage of bytes that do not change.
type byteStorage struct{ *bytes.Reader }

var _ swarm.Storage = byteStorage{}

func (byteStorage) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (byteStorage) Close() error                       { return nil }
