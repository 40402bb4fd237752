package client

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrState says that files of a torrent would be in the state folder, among the records.
// Choose another folder for the content or for Config.State.
var ErrState = errors.New("the torrent's files would be among what the client remembers; choose another folder")

// checkOutsideState returns an error if a file of the torrent would be written into the
// state folder. Without a home folder that is ".shoal" beside the content, and a torrent
// may have any name.
func (t *Torrent) checkOutsideState(files []swarm.File) error {
	if t.client.config.State == "" || t.readOnly {
		return nil
	}
	name, err := statefolder.Reached(t.client.config.State, t.dir, files)
	if err == nil && name != "" {
		err = fmt.Errorf("%s: %w", filepath.Join(t.dir, filepath.FromSlash(name)), ErrState)
	}
	return err
}
