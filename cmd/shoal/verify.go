package main

import (
	"context"
	"errors"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/verification"
)

type verifyCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, or - for standard input."`
	Dir     string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder that the content is in (default: the current one)."`
	State   string   `placeholder:"FOLDER" help:"Folder for what Shoal remembers between runs, or off (default: shoal in your configuration folder)."`
	choosing.SelectFlag
}

// Help is shown below the usage.
func (verifyCommand) Help() string {
	return `Every piece is read and hashed; nothing is written. The exit code is 1 if anything that is wanted is missing or wrong. If the command get downloaded only a part to that folder, that part is what is wanted. --select names another one: '**' is everything.

Examples:

    shoal verify some.torrent
    shoal verify some.torrent --dir /media/films`
}

// Run checks the torrents.
func (cmd verifyCommand) Run(ctx context.Context, c *console.Console) error {
	choice, err := choosing.FileFlags{SelectFlag: cmd.SelectFlag}.Parse(c, cmd.Torrent)
	if err != nil {
		return err
	}
	complete := true
	for i, name := range cmd.Torrent {
		t, err := torrentsource.Read(ctx, c, name)
		if err != nil {
			return err
		}
		r, err := client.Config{State: cmd.State}.Recorded(t.Info, cmd.Dir)
		if err != nil {
			return err
		}
		chosen, err := choice.Of(ctx, c, t.Info, choosing.Background{})
		if err != nil {
			return err
		}
		if chosen != nil {
			r.Priorities = chosen
		}
		m := console.NewMeter(c, "checking "+terminal.Sanitize(t.Info.Name))
		v, err := verification.Check(ctx, t.Info, cmd.Dir, r, m.Set)
		took := m.End()
		if err != nil {
			return target.NamingSymlink(cmd.Dir, err)
		}
		if i > 0 {
			c.Say("")
		}
		c.Emit(v)
		v.Show(c.Say)
		if v.Right > 0 {
			c.Say("  checked %s in %s, %s", quantity.Size(t.Info.ContentLength()), quantity.Duration(took), quantity.Speed(t.Info.ContentLength(), took))
		}
		if command, ok := repairCommand(v.Faults, name, cmd.Dir, cmd.Words()...); !ok {
			c.Say("  Check who owns the files that cannot be read. Then run the same command again.")
		} else if command != "" && !v.Complete {
			c.Say("  To repair it: %s", command)
		}
		complete = complete && v.Complete
	}
	if !complete {
		return console.ReportedError{Err: errors.New("some content is missing or wrong")}
	}
	return nil
}

// repairCommand returns the command that downloads what is missing or wrong; empty if the
// source cannot be named. Files that exist are written to only if the user allows it. ok is
// false if no download can repair it, because a file cannot be read. flags are more of the command.
func repairCommand(faults []verification.Fault, source, dir string, flags ...string) (command string, ok bool) {
	overwrite := false
	for _, f := range faults {
		switch f.Fault {
		case verification.Unreadable:
			return "", false
		case verification.Missing:
		default:
			overwrite = true
		}
	}
	if overwrite {
		flags = append(flags, "--overwrite")
	}
	return torrentsource.GetCommand(source, dir, flags...), true
}

// faults returns what keeps a seed from being complete. It may be something else than
// pieces, such as an empty file that was deleted.
func (i *item) faults() ([]verification.Fault, error) {
	m, err := i.t.Metainfo()
	if err != nil {
		return nil, err
	}
	return verification.FaultsIn(i.t.Dir(), m.Info, i.t.Bitfield(), i.priorities(m.Info))
}
