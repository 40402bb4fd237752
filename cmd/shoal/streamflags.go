package main

import (
	"cmp"
	"errors"
	"os"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/clientflags"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/temporary"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// streamFlags are the flags of commands that use a file while it is downloaded.
type streamFlags struct {
	Dir       string `short:"d" placeholder:"FOLDER" help:"Folder to download to (default: the current one)."`
	Temporary bool   `help:"Keep nothing: download to a folder among the temporary files of the system, which is deleted at the end."`
	clientflags.Disk
	clientflags.Net
	Announce  []string `placeholder:"URL" help:"More trackers to announce to. Private torrents use only their own."`
	Recheck   bool     `help:"Check all data on disk first, instead of trusting what Shoal remembers."`
	Overwrite bool     `help:"Allow Shoal to overwrite existing files that it did not make."`
}

// get returns the command that downloads the torrent, which source names.
func (f streamFlags) get(source string) getCommand {
	return getCommand{
		Torrent:   []string{source},
		Dir:       cmp.Or(f.Dir, "."),
		Disk:      f.Disk,
		Net:       f.Net,
		Announce:  f.Announce,
		Recheck:   f.Recheck,
		Overwrite: f.Overwrite,
	}
}

// checkTemporary returns an error if flags contradict --temporary. What the environment says gives
// way to it.
func (f *streamFlags) checkTemporary() error {
	if !f.Temporary {
		return nil
	}
	for _, flag := range []struct {
		name, variable string
		value          *string
	}{{"--dir", "SHOAL_DIR", &f.Dir}, {"--incomplete-dir", "SHOAL_INCOMPLETE_DIR", &f.IncompleteDir}} {
		if *flag.value != "" && *flag.value != os.Getenv(flag.variable) {
			return usage.Error{Err: errors.New("--temporary keeps nothing, but " + flag.name + " says where to keep files; leave one of them out")}
		}
		*flag.value = ""
	}
	return nil
}

// inFolder calls run when there is a folder to download to, and deletes it afterwards if it is
// temporary. Before that it deletes what commands that were killed left behind.
func (f *streamFlags) inFolder(c *console.Console, run func() error) (err error) {
	if err := f.checkTemporary(); err != nil {
		return err
	}
	removed, err := temporary.RemoveStale()
	for _, path := range removed {
		c.Log.Info("deleted the temporary folder of a command that was killed", "folder", path)
	}
	if err != nil {
		c.Report(console.Failure{Event: "warning", Message: message.Of(err), Advice: "Delete that folder yourself."}, "")
	}
	if !f.Temporary {
		return run()
	}
	folder, err := temporary.New()
	if err != nil {
		return advice.New(err, "Name another folder for temporary files in the environment variable TMPDIR, or leave --temporary out.")
	}
	defer func() {
		if kept := folder.Remove(); kept != nil {
			err = errors.Join(err, advice.New(kept, "Delete this folder yourself: "+folder.Path()))
		}
	}()
	f.Dir, f.State = folder.Content(), client.Off
	c.Command.IsTemporary = true
	return run()
}
