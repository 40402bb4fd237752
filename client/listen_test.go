package client_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
)

func TestPortIsKept(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	start := func() *client.Client {
		c, err := client.New(client.Config{Dir: dir, State: state})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	one := start()
	port := one.Addr().Port()
	require.NotZero(t, port)
	two := start()
	require.NotEqual(t, port, two.Addr().Port(), "it is in use")
	require.NoError(t, two.Close())
	require.NoError(t, one.Close())
	require.Equal(t, port, start().Addr().Port())
}

func TestListen(t *testing.T) {
	off := newClient(t, client.Config{Listen: client.Off})
	require.Equal(t, netip.AddrPort{}, off.Addr())
	all, err := client.New(client.Config{Dir: t.TempDir(), State: client.Off})
	require.NoError(t, err)
	defer all.Close()
	for _, host := range []string{"127.0.0.1", "::1"} {
		if l, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			continue // this machine has no such address
		} else {
			l.Close()
		}
		conn, err := net.Dial("tcp", netip.AddrPortFrom(netip.MustParseAddr(host), all.Addr().Port()).String())
		require.NoError(t, err)
		conn.Close()
	}
	_, err = client.New(client.Config{Dir: t.TempDir(), State: client.Off, Listen: "192.0.2.1:1"})
	require.Error(t, err)
	_, err = client.New(client.Config{Dir: t.TempDir(), State: client.Off, PeerIDPrefix: "-more-than-twenty-bytes-"})
	require.Error(t, err)
}

func TestDefaultState(t *testing.T) {
	for _, home := range []string{t.TempDir(), filepath.Join(t.TempDir(), "file")} {
		dir, likeOthers := filepath.Join(t.TempDir(), "downloads"), filepath.Join(t.TempDir(), "folder")
		require.NoError(t, os.Mkdir(likeOthers, 0o777))
		want := filepath.Join(home, "shoal")
		if filepath.Base(home) == "file" {
			require.NoError(t, os.WriteFile(home, nil, 0o666))
			want = filepath.Join(dir, ".shoal")
		}
		for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
			t.Setenv(name, home)
		}
		if user, err := os.UserConfigDir(); err == nil && filepath.Base(home) != "file" {
			want = filepath.Join(user, "shoal")
		}
		c, err := client.New(client.Config{Dir: dir})
		require.NoError(t, err)
		require.FileExists(t, filepath.Join(want, "port"))
		if filepath.Base(home) == "file" {
			usual, err := os.Stat(likeOthers)
			require.NoError(t, err)
			made, err := os.Stat(dir)
			require.NoError(t, err)
			require.Equal(t, usual.Mode(), made.Mode(), "the folder of the content is not private")
		}
		require.NoError(t, c.Close())
	}
}
