package e2e

import (
	"net"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/metainfo"
)

// TestIPv6 moves a torrent both ways over IPv6, tracker included.
func TestIPv6(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("there is no IPv6 here: ", err)
	}
	l.Close()
	here := place{theirs: netip.IPv6Loopback(), ours: netip.IPv6Loopback()}
	t.Run("download", func(t *testing.T) {
		t.Parallel()
		download(t, lt, here, shapes[0], metainfo.V1)
	})
	t.Run("upload", func(t *testing.T) {
		t.Parallel()
		upload(t, lt, here, shapes[0], metainfo.V1)
	})
}
