package player

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bench/internal/child"
)

// TestMain is also the client that the tests play from.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	p := child.Attach(os.Stdin, os.Stdout)
	err := p.Ready("")
	if err == nil {
		err = Serve(p, Content{
			Open:   func() (io.ReadSeekCloser, error) { return closing{bytes.NewReader(make([]byte, 1000))}, nil },
			Loaded: func() int64 { return 77 },
		})
	}
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

type closing struct{ io.ReadSeeker }

func (closing) Close() error { return nil }

func connect(t *testing.T) *Remote {
	t.Helper()
	p, err := child.Start(t.Context(), os.Args[0], "serve")
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop() })
	_, err = p.Ready(t.Context())
	require.NoError(t, err)
	require.NoError(t, p.Say("go"))
	return &Remote{Process: p}
}

func TestRemote(t *testing.T) {
	r := connect(t)
	n, err := r.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(77), n)
	require.NoError(t, r.Read(t.Context(), 600))
	require.NoError(t, r.Seek(t.Context(), 300))
	require.NoError(t, r.Read(t.Context(), 700), "the seek went back")
	require.ErrorContains(t, r.Read(t.Context(), 1), "EOF")
}

// TestReadThatIsCutOff has the answer of a read come after its context ended.
func TestReadThatIsCutOff(t *testing.T) {
	r := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for r.Read(ctx, 10) == nil { // the answer may be there sooner
	}
	n, err := r.Loaded(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(77), n)
	require.NoError(t, r.Read(t.Context(), 10))
}

func TestUnknownWord(t *testing.T) {
	r := connect(t)
	_, err := r.ask(t.Context(), "dance", "dance")
	require.ErrorContains(t, err, `what is "dance"?`)
}

// TestOpenFails has the content refuse to be opened.
func TestOpenFails(t *testing.T) {
	broken := errors.New("nothing to play")
	in, out := io.Pipe()
	defer out.Close()
	answers := new(bytes.Buffer)
	p := child.Attach(in, answers)
	done := make(chan error)
	go func() {
		done <- Serve(p, Content{Open: func() (io.ReadSeekCloser, error) { return nil, broken }})
	}()
	_, err := out.Write([]byte("read 1\n"))
	require.NoError(t, err)
	select {
	case err := <-done:
		require.ErrorIs(t, err, broken)
	case <-time.After(time.Minute):
		t.Fatal("it did not end")
	}
	require.Empty(t, answers.String())
}
