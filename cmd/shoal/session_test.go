package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorsAreReportedOnce(t *testing.T) {
	full := func(op string) error { return fmt.Errorf("%s: %w", op, syscall.ENOSPC) }
	s := &session{c: new(console), items: []*item{{}, {err: full("write")}}}
	require.True(t, s.alreadyReported(full("closing")))
	require.False(t, s.alreadyReported(nil))
	require.False(t, s.alreadyReported(errors.New("other")))
	require.False(t, s.alreadyReported(fs.ErrPermission))
	require.False(t, (&session{c: new(console), items: []*item{{}}}).alreadyReported(full("closing")))
}
