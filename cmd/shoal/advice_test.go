package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/troubleshoot"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
)

// flagsOf returns the flags that the help of a command has.
func flagsOf(t *testing.T, command string) map[string]bool {
	t.Helper()
	help, err := os.ReadFile(filepath.Join(sourceDir(t), "testdata", "help", "shoal-"+command+".txt"))
	require.NoError(t, err)
	flags := make(map[string]bool)
	for _, f := range advice.Flag.FindAllString(string(help), -1) {
		flags[f] = true
	}
	return flags
}

// requireOwnFlags checks that a text names no flag which the command does not have, but
// in commands to paste.
func requireOwnFlags(t *testing.T, command, text string) {
	t.Helper()
	flags := flagsOf(t, command)
	for line := range strings.Lines(text) {
		if strings.Contains(line, shell.Program()+" ") {
			continue
		}
		for _, f := range advice.Flag.FindAllString(line, -1) {
			require.True(t, flags[f], "%s has no flag %s: %s", command, f, text)
		}
	}
}

// Advice names only flags that the command has, and says what to do for each kind of
// error.
func TestAdviceNamesFlagsOfTheCommand(t *testing.T) {
	file := func(err error) error { return &diskstore.Error{Op: "write", Path: "x", Err: err} }
	for _, command := range []string{"get", "stream", "cat", "seed", "create", "inspect", "verify", "tracker", "demo"} {
		c := troubleshoot.Command{Name: command, Flags: flagsOf(t, command)}
		for _, err := range []error{
			client.ErrPieceLayers, &client.MetadataError{Err: errors.New("x")}, &diskstore.SizeError{}, diskstore.ErrForeign, &metainfo.InvalidError{}, &client.StatusError{Code: 404},
			dht.ErrNotFound, dht.ErrNoTorrent, dht.ErrNoNodes, &client.DHTPortError{Err: syscall.EADDRINUSE}, &client.DHTSaveError{Err: fs.ErrPermission}, &client.DHTSaveError{Err: syscall.ENOSPC}, client.ErrDuplicate, client.ErrInUse, client.ErrAddress, target.ErrNoRoom, &net.DNSError{}, &net.OpError{Op: "dial"},
			file(syscall.ENOSPC), file(syscall.EDQUOT), syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.EROFS, fs.ErrPermission,
			file(fs.ErrNotExist), fs.ErrNotExist, context.DeadlineExceeded,
		} {
			text := c.Advice(fmt.Errorf("wrapped: %w", err))
			require.NotEmpty(t, text, "%s: %v", command, err)
			requireOwnFlags(t, command, text)
		}
		listen := c.Advice(&net.OpError{Op: "listen"})
		requireOwnFlags(t, command, listen)
		require.Equal(t, c.Flags["--listen"], listen != "", command)
		elsewhere := c.Advice(fmt.Errorf("adding: %w", &diskstore.CrossDeviceError{}))
		requireOwnFlags(t, command, elsewhere)
		require.Equal(t, c.Flags["--incomplete-dir"], elsewhere != "", command)
	}
	get := troubleshoot.Command{Name: "get", Flags: flagsOf(t, "get")}
	require.Contains(t, get.Advice(&dht.NoNodesError{}), "Leave --bootstrap off out")
	require.Contains(t, get.Advice(&dht.NoNodesError{Asked: 1}), "nothing blocks UDP")
	require.Contains(t, get.Advice(&client.DHTSaveError{Err: fs.ErrPermission}), "--state")
	require.Contains(t, get.Advice(&client.DHTSaveError{Err: syscall.ENOSPC}), "The disk is full")
	require.Empty(t, troubleshoot.Command{}.Advice(errors.New("something else")))
	require.Contains(t, troubleshoot.Command{Name: "get"}.Advice(&client.StoreError{Op: "write", Err: &diskstore.SizeError{}}), "again with --overwrite")
	require.Contains(t, troubleshoot.Command{}.Advice(fmt.Errorf("%w: %w", client.ErrAddress, &net.DNSError{})), "Check the name")
}
