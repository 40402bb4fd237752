package client_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

func TestSources(t *testing.T) {
	meta := torrentOf(t, "file.bin", content(12, 100_000))
	b, err := meta.Bytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x.torrent")
	require.NoError(t, os.WriteFile(path, b, 0o666))
	var web *httptest.Server
	web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		switch {
		case r.URL.Path == "/x.torrent":
			w.Write(b)
		case r.URL.Path == "/long":
			w.Write([]byte("d4:info"))
			for range 11 << 4 {
				w.Write(make([]byte, 64<<10))
			}
		case r.URL.Path == "/page":
			fmt.Fprint(w, "<html>not here</html>")
		default:
			if _, err := fmt.Sscanf(r.URL.Path, "/hops/%d", &n); err != nil {
				http.NotFound(w, r)
				return
			}
			to := "/x.torrent"
			if n > 1 {
				to = fmt.Sprintf("/hops/%d", n-1)
			}
			http.Redirect(w, r, web.URL+to, http.StatusFound)
		}
	}))
	t.Cleanup(web.Close)
	invalid := new(*metainfo.InvalidError)
	status := new(*client.StatusError)
	for _, test := range []struct {
		name   string
		source any
		is, as any // what the error is, if there is to be one
	}{
		{"path", path, nil, nil},
		{"bytes", b, nil, nil},
		{"reader", bytes.NewReader(b), nil, nil},
		{"torrent", meta, nil, nil},
		{"info", meta.Info, nil, nil},
		{"url", web.URL + "/x.torrent", nil, nil},
		{"five redirects", web.URL + "/hops/5", nil, nil},
		{"six redirects", web.URL + "/hops/6", "5 redirects", nil},
		{"too long", web.URL + "/long", nil, invalid},
		{"web page", web.URL + "/page", nil, invalid},
		{"not found", web.URL + "/nothing", nil, status},
		{"missing", path + ".not", os.ErrNotExist, nil},
		{"garbage", []byte("garbage"), nil, invalid},
		{"nothing", (*metainfo.Torrent)(nil), nil, invalid},
		{"bad magnet", "magnet:?xt=urn:btih:zz", nil, invalid},
		{"zero", swarm.ID{}, client.ErrInfoHash, nil},
		{"empty link", new(metainfo.Magnet), nil, invalid},
		{"link with a key alone", "magnet:?xs=urn:btpk:" + strings.Repeat("1", 64), client.ErrDHTOff, nil},
		{"key alone", &metainfo.Magnet{PublicKey: [32]byte{1}}, client.ErrDHTOff, nil},
		{"number", 7, "int", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, client.Config{})
			tor, err := c.Add(within(t), test.source)
			switch is := test.is.(type) {
			case error:
				require.ErrorIs(t, err, is)
			case string:
				require.ErrorContains(t, err, is)
			default:
				if test.as != nil {
					require.ErrorAs(t, err, test.as)
					break
				}
				require.NoError(t, err)
				require.Equal(t, meta.IDs(), tor.IDs())
			}
			if err != nil {
				require.True(t, strings.HasPrefix(err.Error(), "client: "), err.Error())
				require.Empty(t, c.Torrents())
			}
		})
	}
}

func TestParseHash(t *testing.T) {
	want := swarm.ID{0xab}
	for _, s := range []string{"ab" + strings.Repeat("0", 38), "AB" + strings.Repeat("0", 62), "1220aB" + strings.Repeat("0", 62), "VMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "vmaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		id, err := client.ParseHash(s)
		require.NoError(t, err)
		require.Equal(t, want, id)
	}
	for _, s := range []string{"", "ab", strings.Repeat("z", 40), strings.Repeat("1", 32)} {
		_, err := client.ParseHash(s)
		require.ErrorIs(t, err, client.ErrInfoHash)
	}
}

func TestLookupPeer(t *testing.T) {
	got, err := client.LookupPeer(within(t), "127.0.0.1:6881")
	require.NoError(t, err)
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:6881")}, got)
	got, err = client.LookupPeer(within(t), "[::1]:1")
	require.NoError(t, err)
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("[::1]:1")}, got)
	for _, s := range []string{"", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", ":1", "0.0.0.0:1", "224.0.0.1:1", "127.0.0.1:x"} {
		_, err := client.LookupPeer(within(t), s)
		require.ErrorIs(t, err, client.ErrAddress, s)
	}
}
