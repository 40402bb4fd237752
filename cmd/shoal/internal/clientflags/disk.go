package clientflags

import (
	"fmt"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/diskstore"
)

// Disk are the flags of commands that download files.
type Disk struct {
	Allocate      string `placeholder:"HOW" help:"How files get their space on disk: none (as they grow), sparse (their length at once, space as it is needed) or full (all space at once) (default: sparse)."`
	Suffix        string `placeholder:"TEXT" help:"End the names of files with this while they are incomplete, such as .part."`
	IncompleteDir string `placeholder:"FOLDER" help:"Folder for files while they are incomplete. It must be on the same file system as --dir."`
}

// allocations are the values of --allocate.
var allocations = map[string]diskstore.Allocation{
	"":       diskstore.AllocateSparse,
	"none":   diskstore.AllocateNone,
	"sparse": diskstore.AllocateSparse,
	"full":   diskstore.AllocateFull,
}

// Options returns how files are made.
func (f Disk) Options() (o diskstore.Options, err error) {
	how, ok := allocations[f.Allocate]
	switch {
	case !ok:
		return o, usage.Error{Err: fmt.Errorf("--allocate: %q is not one of none, sparse and full", f.Allocate)}
	case f.IncompleteDir != "" && isNotFolder(f.IncompleteDir):
		return o, usage.Error{Err: fmt.Errorf("--incomplete-dir: %s is not a folder", f.IncompleteDir)}
	case strings.ContainsAny(f.Suffix, "/\\\x00"):
		return o, usage.Error{Err: fmt.Errorf("--suffix: %q cannot end a name; give one such as .part", f.Suffix)}
	}
	return diskstore.Options{Allocate: how, Suffix: f.Suffix, IncompleteDir: f.IncompleteDir}, nil
}

// isNotFolder reports whether something else than a folder is at a path.
func isNotFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && !st.IsDir()
}
