package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain is also the program that the tests start: its first argument says what
// it does.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	p := Attach(os.Stdin, os.Stdout)
	var err error
	switch os.Args[1] {
	case "work":
		if err = p.Ready("here"); err == nil {
			for sum := 0; sum < 1<<28; sum++ {
			}
			err = p.Done("finished")
		}
	case "fail":
		err = errors.New("this cannot work")
	case "mute":
	case "answer":
		p.AtEnd = func() { fmt.Println("ended well") }
		for s := ""; err == nil; s, err = p.Hear() {
			p.Say("heard", s)
		}
		p.Rest()
		err = nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func start(t *testing.T, part string) *Process {
	t.Helper()
	p, err := Start(t.Context(), os.Args[0], part)
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop() })
	return p
}

func TestRun(t *testing.T) {
	f, text, err := start(t, "work").Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "finished", text)
	require.Positive(t, f.Wall)
	if counts {
		require.Positive(t, f.Peak)
		require.Positive(t, f.RSS)
		require.Less(t, f.CPU, 2*f.Wall)
	}
}

func TestReady(t *testing.T) {
	text, err := start(t, "work").Ready(t.Context())
	require.NoError(t, err)
	require.Equal(t, "here", text)
}

func TestErrorsOfTheProcess(t *testing.T) {
	_, _, err := start(t, "fail").Run(t.Context())
	require.ErrorContains(t, err, "this cannot work")
	_, _, err = start(t, "mute").Run(t.Context())
	require.ErrorContains(t, err, `ended before it said "ready"`)
	_, err = Start(t.Context(), os.Args[0]+".not-there")
	require.Error(t, err)
}

func TestMeasureAnother(t *testing.T) {
	if !counts {
		t.Skip("this system does not say what other processes take")
	}
	p := start(t, "answer")
	p.Measure(os.Getpid())
	m, err := p.Mark()
	require.NoError(t, err)
	_, err = p.Since(m)
	require.NoError(t, err)
	p.Measure(1 << 30)
	_, err = p.Mark()
	require.Error(t, err, "there is no such process")
}

func TestEndOfInputEndsTheProcess(t *testing.T) {
	p := start(t, "answer")
	require.NoError(t, p.Say("one"))
	text, err := p.Expect(t.Context(), "heard one")
	require.NoError(t, err)
	require.Empty(t, text)
	require.NoError(t, p.in.Close())
	_, err = p.Expect(t.Context(), "ended well")
	require.NoError(t, err)
	require.NoError(t, p.Stop())
	require.NoError(t, p.Stop())
}

func TestContextKills(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := Start(ctx, os.Args[0], "answer")
	require.NoError(t, err)
	cancel()
	_, err = p.Expect(ctx, "never")
	require.Error(t, err)
	require.Error(t, p.Stop())
}

func TestTailKeepsTheEnd(t *testing.T) {
	var l tail
	l.Write([]byte(strings.Repeat("x", 5000)))
	l.Write([]byte("end\n"))
	require.Len(t, l.buf, 4<<10)
	require.True(t, strings.HasSuffix(l.text(), "xend"))
}
