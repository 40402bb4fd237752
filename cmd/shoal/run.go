package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
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
	Get     getCommand     `cmd:"" help:"Download torrents, then share them."`
	Seed    seedCommand    `cmd:"" help:"Share content on disk: torrents, or files and folders."`
	Create  createCommand  `cmd:"" help:"Make a .torrent file from a file or folder."`
	Inspect inspectCommand `cmd:"" help:"Show what is in a .torrent file or a magnet link."`
	Verify  verifyCommand  `cmd:"" help:"Check files on disk against a .torrent file."`
	Tracker trackerCommand `cmd:"" help:"Run a tracker."`
	Demo    demoCommand    `cmd:"" help:"Share and download a sample on this machine, to try Shoal."`

	JSON     bool             `name:"json" help:"Print one JSON object per line, for scripts."`
	LogLevel string           `enum:"debug,info,warn,error,off" default:"warn" placeholder:"LEVEL" help:"What to log to standard error: debug, info, warn, error or off (default: warn)."`
	Version  kong.VersionFlag `env:"-" help:"Show the version and exit."`
}

const description = `A BitTorrent client.

Start with "shoal demo", or "shoal get some.torrent". For help on a command, with examples, run "shoal help COMMAND".

Each flag can also be set by an environment variable: --dir by SHOAL_DIR, --log-level by SHOAL_LOG_LEVEL, and so on.`

// A usageError says that the arguments are wrong.
type usageError struct{ error }

// A reported error was shown to the user already; only the exit code is left.
type reported struct{ error }

// run is the program. It returns the exit code. It ends early, and cleanly, when
// ctx does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out, errs := &stream{Writer: stdout, ctx: ctx, stop: stop}, &stream{Writer: stderr, ctx: ctx, stop: stop}
	code := runCommand(ctx, args, stdin, out, errs)
	switch err := out.failure(); {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case err != nil && code != exitInterrupted:
		fmt.Fprintf(errs, "shoal: standard output cannot be written: %s\n", readable(err))
		return exitFailed
	}
	return code
}

// runCommand parses the arguments and runs a command.
func runCommand(ctx context.Context, args []string, stdin io.Reader, stdout, stderr *stream) int {
	var cli arguments
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("shoal"),
		kong.Description(description),
		kong.Vars{"version": versionText(), "shoal": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.DefaultEnvars("SHOAL"),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
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
	if err != nil && stdout.failure() != nil { // of the help
		return exitFailed
	}
	if err != nil {
		return failUsage(stderr, commandOf(err), err)
	}
	c := newConsole(stdin, stdout, stderr)
	c.command, c.json = parsed.Selected().Name, cli.JSON
	if c.log, err = newLogger(c, cli.LogLevel); err != nil {
		return failUsage(stderr, c.command, err)
	}
	c.log.Debug("started", "command", c.command, "version", version)
	return finish(ctx, c, parsed.Run(c))
}

// asFlags turns the words that people try first, "help", "help COMMAND" and "version",
// into the flags that do the same.
func asFlags(args []string) []string {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		others := slices.Concat(args[:i], args[i+1:])
		switch {
		case arg == "version":
			return append(others, "--version")
		case arg == "help" && !slices.Contains(others, "help"):
			return append(others, "--help")
		case arg == "help":
			return []string{"--help"}
		}
		return args
	}
	return args
}

// commandOf returns the name of the command whose arguments are wrong, or nothing.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			return selected.Name
		}
	}
	return ""
}

// failUsage says what is wrong with the arguments, and where the help is.
func failUsage(stderr io.Writer, command string, err error) int {
	text := usageText(strings.TrimSpace(err.Error()), command)
	if command != "" {
		command += " "
	}
	fmt.Fprintf(stderr, "shoal: %s\nRun \"shoal %s--help\" for help.\n", text, command)
	return exitUsage
}

// usageText says in plain words what kong's message says about the arguments.
func usageText(text, command string) string {
	if what, ok := strings.CutPrefix(text, "unexpected argument "); ok && command == "" {
		name, hint, _ := strings.Cut(what, ",")
		text = fmt.Sprintf("there is no command %q", name)
		if hint != "" {
			text += ";" + hint
		}
		return text
	}
	if what, ok := strings.CutPrefix(text, "expected \"<"); ok {
		name, _, _ := strings.Cut(what, ">")
		return "an argument is missing: <" + name + ">"
	}
	return text
}

// finish says what went wrong, if anything did, and returns the exit code.
func finish(ctx context.Context, c *console, err error) int {
	c.screen.Clear()
	var usage usageError
	var shown reported
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		c.emit(failureJSON{Event: "interrupted"})
		return exitInterrupted
	case errors.As(err, &shown):
		return exitFailed
	case errors.As(err, &usage):
		return failUsage(c.stderr, c.command, err)
	}
	c.fail(err)
	return exitFailed
}

// failureJSON is the JSON object of an error.
type failureJSON struct {
	Event   string `json:"event"` // "error" or "interrupted"
	Message string `json:"message,omitempty"`
	Advice  string `json:"advice,omitempty"`
}
