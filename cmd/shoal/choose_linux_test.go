package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

// A user chooses on a terminal, of a .torrent file, of a link, and of one whose metadata is stored;
// and leaves the list by a key or a signal. The terminal is as it was each time.
func TestChooseOnATerminal(t *testing.T) {
	const only = " \x1b[B \r" // takes all back, and chooses the first file
	isolate(t)
	makePhotos(t)
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	link = strings.TrimSpace(link)
	_, peer := seeding(t, "album.torrent")
	for _, test := range []struct {
		name, source, dir string
		keys              string // empty for a signal
		code              int
		want              []string
	}{
		{"a file", "album.torrent", "one", only, exitOK, []string{"album/a.jpg"}},
		{"a link that is left", link, "two", "q", exitInterrupted, nil},
		{"a link with metadata that is stored", link, "two", only, exitOK, []string{"album/a.jpg"}},
		{"a link", link, "three", only, exitOK, []string{"album/a.jpg"}},
		{"a signal", "album.torrent", "four", "", exitInterrupted, nil},
		{"a signal for a link", link, "five", "", exitInterrupted, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			user, program := terminaltest.OpenPair(t)
			before, err := unix.IoctlGetTermios(int(user.Fd()), unix.TCGETS)
			require.NoError(t, err)
			cmd, unused := processOf(t, "get", test.source, "--choose", "--dir", test.dir, "--peer", peer, "--listen", "off", "-q")
			unused.Close()
			cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
			require.NoError(t, cmd.Start())
			require.NoError(t, program.Close()) // so that reads end with the process
			shown := newOutput()
			go func() {
				io.Copy(shown, user)
				shown.close()
			}()
			shown.awaitText(t, "q: quit")
			if test.keys == "" {
				require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
			} else {
				_, err = io.WriteString(user, test.keys)
				require.NoError(t, err)
			}
			requireCode(t, test.code, cmd)
			after, err := unix.IoctlGetTermios(int(user.Fd()), unix.TCGETS)
			require.NoError(t, err)
			require.Equal(t, before, after)
			if test.want == nil {
				require.NoDirExists(t, test.dir)
			} else {
				require.Equal(t, test.want, filesBelow(t, test.dir))
			}
			if test.keys == "q" {
				shown.awaitText(t, "No files were chosen, so Shoal stopped.")
			}
		})
	}
}
