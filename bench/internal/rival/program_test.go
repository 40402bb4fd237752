package rival

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersionOfWhatIsMissing(t *testing.T) {
	_, found := Program{binary: "no-such-program"}.Version()
	require.False(t, found)
}

func TestVersionIsANumber(t *testing.T) {
	for text, want := range map[string]string{
		"aria2 version 1.36.0\nCopyright (C) 2006": "1.36.0",
		"transmission-daemon 3.00 (bb6b5a062e)":    "3.00",
		"no number":                                "",
	} {
		require.Equal(t, want, version.FindString(text))
	}
}

func TestPollEndsWithItsContext(t *testing.T) {
	ended := errors.New("the program ended")
	ctx, stop := context.WithCancelCause(t.Context())
	require.NoError(t, poll(ctx, func() (bool, error) { return true, nil }))
	stop(ended)
	require.ErrorIs(t, poll(ctx, func() (bool, error) { return false, nil }), ended)
}

func TestWithoutSHANIKeepsWhatTheUserSet(t *testing.T) {
	const name = "OPENSSL_ia32cap"
	t.Setenv(name, "")
	WithoutSHANI()
	require.Equal(t, ":~0x20000000", os.Getenv(name))
	t.Setenv(name, "0")
	WithoutSHANI()
	require.Equal(t, "0", os.Getenv(name))
}
