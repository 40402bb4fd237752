package player

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	for _, test := range []struct {
		command string
		want    []string
		err     string
	}{
		{"mpv", []string{"mpv"}, ""},
		{"  mpv --fullscreen\t--vo=gpu ", []string{"mpv", "--fullscreen", "--vo=gpu"}, ""},
		{`'/opt/my player/play' "a b" '' c\ d`, []string{"/opt/my player/play", "a b", "", "c d"}, ""},
		{`mpv "it's" 'say "hi"' a'b'"c" "\"" '\'`, []string{"mpv", "it's", `say "hi"`, "abc", `"`, `\`}, ""},
		{"mpv $HOME `ls` *; rm | x > y", []string{"mpv", "$HOME", "`ls`", "*;", "rm", "|", "x", ">", "y"}, ""},
		{"a\xffb \xfe", []string{"a\xffb", "\xfe"}, ""},
		{"", nil, "it names no program; give one, such as mpv"},
		{"   ", nil, "it names no program; give one, such as mpv"},
		{"'' x", nil, "it names no program; give one, such as mpv"},
		{"'mpv", nil, `a quote is not closed; add the other one, or put \ before it`},
		{`mpv \`, nil, `a quote is not closed; add the other one, or put \ before it`},
	} {
		words, err := Words(test.command)
		require.Equal(t, test.want, words, test.command)
		if test.err != "" {
			require.EqualError(t, err, test.err)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add(`mpv "a b" 'c'\ d`)
	f.Fuzz(func(t *testing.T, command string) {
		words, err := Words(command)
		if err != nil {
			return
		}
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		again, err := Words(strings.Join(quoted, " "))
		require.NoError(t, err)
		require.Equal(t, words, again)
	})
}

// program makes a program of shell commands.
func program(t *testing.T, commands string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there is no /bin/sh")
	}
	path := filepath.Join(t.TempDir(), "a player")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+commands+"\n"), 0o777))
	return path
}

// The program gets its arguments as they are, the address last.
func TestStart(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	name := program(t, `printf '%s\n' "$@" > "`+out+`"; cat`)
	p, err := Start(t.Context(), []string{name, "--full screen", "$HOME;"}, "http://127.0.0.1/$(x)")
	require.NoError(t, err)
	require.NoError(t, p.Err())
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "--full screen\n$HOME;\n--\nhttp://127.0.0.1/$(x)\n", string(b))
}

func TestStartFails(t *testing.T) {
	_, err := Start(t.Context(), []string{"shoal-has-no-such-player"}, "http://127.0.0.1/")
	require.ErrorContains(t, err, "shoal-has-no-such-player cannot be started: executable file not found")
	_, err = Start(t.Context(), []string{t.TempDir()}, "http://127.0.0.1/")
	require.ErrorContains(t, err, "permission denied")
	name := program(t, "exit 3")
	p, err := Start(t.Context(), []string{name}, "http://127.0.0.1/")
	require.NoError(t, err)
	require.EqualError(t, p.Err(), name+" ended: exit status 3")
}

// The program ends with the command that started it, which is no failure.
func TestEnd(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p, err := Start(ctx, []string{program(t, "exec tail -f /dev/null")}, "http://127.0.0.1/")
	require.NoError(t, err)
	stop()
	require.NoError(t, p.Err())
}
