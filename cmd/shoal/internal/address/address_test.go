package address_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
)

// A port alone is one of this machine alone.
func TestOfServer(t *testing.T) {
	for text, want := range map[string]string{
		"":                "127.0.0.1:0",
		"8080":            "127.0.0.1:8080",
		":8080":           "127.0.0.1:8080",
		"0.0.0.0:8080":    "0.0.0.0:8080",
		"[::]:0":          "[::]:0",
		"films.example:1": "films.example:1",
	} {
		got, err := address.OfServer(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"films.example", "1.2.3.4", "::1", "70000", "-1", "127.0.0.1:http", "127.0.0.1:"} {
		_, err := address.OfServer(text)
		require.ErrorContains(t, err, "give HOST:PORT or PORT", text)
	}
	require.Equal(t, "tcp4", address.Network("0.0.0.0:0"))
	require.Equal(t, "tcp", address.Network("[::]:0"))
	require.Equal(t, "tcp", address.Network("localhost:0"))
}

func TestOnThisMachine(t *testing.T) {
	for _, test := range []struct {
		ip, want      string
		isAll, isHere bool
	}{
		{"0.0.0.0", "127.0.0.1:80", true, false},
		{"::", "[::1]:80", true, false},
		{"127.0.0.1", "127.0.0.1:80", false, true},
		{"::1", "[::1]:80", false, true},
		{"192.0.2.7", "192.0.2.7:80", false, false},
	} {
		at := &net.TCPAddr{IP: net.ParseIP(test.ip), Port: 80}
		got, isAll := address.OnThisMachine(at)
		require.Equal(t, test.want, got)
		require.Equal(t, test.isAll, isAll)
		require.Equal(t, test.isHere, address.IsLoopback(at))
	}
}
