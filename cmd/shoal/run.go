package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/chooser"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/dhttool"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/trackertool"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/troubleshoot"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells have it for Ctrl-C
)

// arguments are the commands and the flags that all of them take.
type arguments struct {
	Get     getCommand          `cmd:"" help:"Download torrents, then share them."`
	Stream  streamCommand       `cmd:"" help:"Play a file while it is downloaded, in a player or a browser."`
	Cat     catCommand          `cmd:"" help:"Write a file to standard output while it is downloaded."`
	Seed    seedCommand         `cmd:"" help:"Share content on disk: torrents, or files and folders."`
	Create  createCommand       `cmd:"" help:"Make a .torrent file from a file or folder."`
	Inspect inspectCommand      `cmd:"" help:"Show what is in a .torrent file or a magnet link."`
	Magnet  magnetCommand       `cmd:"" help:"Print a magnet link to a torrent."`
	Verify  verifyCommand       `cmd:"" help:"Check files on disk against a .torrent file."`
	Scrape  trackertool.Scrape  `cmd:"" help:"Ask trackers how many peers a torrent has."`
	Tracker trackertool.Tracker `cmd:"" help:"Run a tracker."`
	DHT     dhttool.Commands    `cmd:"" name:"dht" help:"Ask the DHT, a network without servers, and store items in it."`
	Demo    demoCommand         `cmd:"" help:"Share and download a sample on this machine, to try Shoal."`

	JSON     bool             `name:"json" help:"Print one JSON object per line, for scripts."`
	LogLevel string           `enum:"debug,info,warn,error,off" default:"warn" placeholder:"LEVEL" help:"What to log to standard error: debug, info, warn, error or off (default: warn)."`
	Version  kong.VersionFlag `env:"-" help:"Show the version and exit."`
}

const programDescription = `A BitTorrent client.

Start with "shoal demo", or "shoal get some.torrent". For help on a command, with examples, run "shoal help COMMAND".

Each flag can also be set by an environment variable: --dir by SHOAL_DIR, --log-level by SHOAL_LOG_LEVEL, and so on.`

// run is the program. It returns the exit code. It ends early, and cleanly, when
// ctx does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out, errs := interrupt.NewStream(ctx, stdout, stop), interrupt.NewStream(ctx, stderr, stop)
	code := runCommand(ctx, args, stdin, out, errs)
	switch err := out.Failure(); {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case err != nil && code != exitInterrupted:
		fmt.Fprintf(errs, "shoal: standard output cannot be written: %s\n", message.Of(err))
		if text := new(troubleshoot.Command).Advice(err); text != "" {
			fmt.Fprintf(errs, "  %s\n", text)
		}
		return exitFailed
	}
	return code
}

// runCommand parses the arguments and runs a command.
func runCommand(ctx context.Context, args []string, stdin io.Reader, stdout, stderr *interrupt.Stream) int {
	var cli arguments
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("shoal"),
		kong.Description(programDescription),
		kong.Vars{"version": versionText(), "shoal": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.DefaultEnvars("SHOAL"),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.KindMapper(reflect.String, kong.MapperFunc(readText)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "shoal:", err)
		return exitFailed
	}
	if len(args) == 0 {
		parser.Stdout = stderr
		args = []string{"--help"}
		defer func() { exited = exitUsage }()
		parser.Parse(args)
		return exitUsage
	}
	parsed, err := parser.Parse(asFlags(args))
	if exited >= 0 { // by --help or --version
		return exited
	}
	var unwritten *fs.PathError
	if errors.As(err, &unwritten) { // the help cannot be written, which run reports
		return exitOK
	}
	if err != nil {
		command, _ := commandOf(err)
		return failUsage(stderr, command, err)
	}
	if err := checkNotEmpty(parsed.Selected()); err != nil {
		return failUsage(stderr, parsed.Selected().Path(), err)
	}
	c := console.New(stdin, stdout, stderr)
	c.Command.Name, c.IsJSON = parsed.Selected().Path(), cli.JSON
	c.Command.Flags = make(map[string]bool)
	for _, f := range parsed.Flags() {
		c.Command.Flags["--"+f.Name] = true
	}
	if c.Log, err = console.NewLogger(c, cli.LogLevel); err != nil {
		return failUsage(stderr, c.Command.Name, err)
	}
	c.Log.Debug("started", "command", c.Command.Name, "version", version)
	return finish(ctx, c, parsed.Run(c, dhtProgram(c)))
}

// asFlags turns the words that people try first, "help", "help COMMAND" and "version",
// into the flags that do the same.
func asFlags(args []string) []string {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || arg == "dht" { // whose commands have help as well
			continue
		}
		others := slices.Concat(args[:i], args[i+1:])
		switch {
		case arg == "version":
			return append(others, "--version")
		case arg == "help" && !slices.Contains(others, "help") && !slices.Contains(others, "version"):
			return append(others, "--help")
		case arg == "help": // "help help" and "help version"
			return []string{"--help"}
		}
		return args
	}
	return args
}

// finish says what went wrong, if anything did, and returns the exit code.
func finish(ctx context.Context, c *console.Console, err error) int {
	c.Screen.Clear()
	var wrong usage.Error
	var shown console.ReportedError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		c.Emit(console.Failure{Event: "interrupted"})
		return exitInterrupted
	case errors.Is(err, chooser.ErrAborted):
		c.Say("No files were chosen, so Shoal stopped.")
		return exitInterrupted
	case errors.As(err, &shown):
		return exitFailed
	case errors.As(err, &wrong):
		return failUsage(c.Stderr, c.Command.Name, err)
	}
	c.Fail(err)
	return exitFailed
}
