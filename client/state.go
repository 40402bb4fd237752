package client

import (
	"fmt"
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/swarm"
)

// checkOutsideState returns an error if a file of the torrent would be written into the
// state folder. Without a home folder that is ".shoal" beside the content, and a torrent
// may have any name.
func (t *running) checkOutsideState(files []swarm.File) error {
	if t.client.config.State == "" || t.readOnly {
		return nil
	}
	for _, dir := range []string{t.dir, t.client.config.Disk.IncompleteDir} {
		if dir == "" {
			continue
		}
		name, err := statefolder.Reached(t.client.config.State, dir, files)
		if err == nil && name != "" {
			err = fmt.Errorf("%s: %w", filepath.Join(dir, filepath.FromSlash(name)), ErrState)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
