package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/stretchr/testify/require"
)

// transmission is transmission-daemon, told what to do by RPC. It dials no
// peers on 127.0.0.0/8.
type transmission struct{}

func (transmission) String() string           { return "transmission" }
func (transmission) programs() []string       { return []string{"transmission-daemon"} }
func (transmission) leavesOutEmpty() bool     { return true }
func (transmission) place(t *testing.T) place { return apart(t) }

func (transmission) start(t *testing.T, at place, j job) *partner {
	t.Helper()
	addr := netip.AddrPortFrom(at.theirs, j.portOr(t, at))
	control := netip.AddrPortFrom(at.theirs, at.freePort(t))
	rpc := transmissionRPC{url: fmt.Sprintf("http://%s/transmission/rpc", control)}
	home := t.TempDir()
	settings, err := json.Marshal(map[string]any{
		"bind-address-ipv4":          at.theirs.String(),
		"peer-port":                  addr.Port(),
		"peer-port-random-on-start":  false,
		"port-forwarding-enabled":    false,
		"dht-enabled":                len(j.dht) > 0,
		"lpd-enabled":                j.lsd,
		"pex-enabled":                j.pex,
		"utp-enabled":                false,
		"encryption":                 0,
		"preallocation":              0,
		"rename-partial-files":       false,
		"rpc-enabled":                true,
		"rpc-bind-address":           at.theirs.String(),
		"rpc-port":                   control.Port(),
		"rpc-whitelist-enabled":      false,
		"rpc-host-whitelist-enabled": false,
		"message-level":              2,
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "settings.json"), settings, 0o600))
	if len(j.dht) > 0 {
		require.NoError(t, os.WriteFile(filepath.Join(home, "dht.dat"), savedNodes(j.dht), 0o600))
	}
	p := &partner{addr: addr, process: launch(t, at.namespace, "transmission-daemon",
		"--foreground", "--config-dir", home, "--log-debug")}
	ctx := within(t)
	require.NoError(t, p.poll(ctx, func() bool { return rpc.call(ctx, "session-get", nil, nil) == nil }))
	add := map[string]any{"filename": j.torrent, "download-dir": j.dir}
	if len(j.wants) > 0 {
		add["files-unwanted"] = unwantedFiles(t, j)
	}
	require.NoError(t, rpc.call(ctx, "torrent-add", add, nil))
	p.whole = func(ctx context.Context) error {
		return p.poll(ctx, func() bool { return rpc.whole(ctx) })
	}
	if j.seed {
		require.NoError(t, p.whole(ctx))
	}
	return p
}

// unwantedFiles returns the numbers of the files of a v1 torrent that a job does not want.
func unwantedFiles(t *testing.T, j job) (unwanted []int) {
	t.Helper()
	tor, err := metainfo.ReadFile(j.torrent)
	require.NoError(t, err)
	for i, e := range tor.Info.Entries {
		if !slices.Contains(j.wants, e.Path) {
			unwanted = append(unwanted, i)
		}
	}
	return unwanted
}

// savedNodes returns what Transmission saves of the DHT. It asks these nodes sooner than those
// of its file "dht.bootstrap".
func savedNodes(nodes []netip.AddrPort) []byte {
	var compact []byte
	for _, a := range nodes {
		ip := a.Addr().As4()
		compact = binary.BigEndian.AppendUint16(append(compact, ip[:]...), a.Port())
	}
	id := make([]byte, 20)
	rand.Read(id)
	b := bencode.AppendBytes(bencode.AppendString(bencode.AppendDict(nil), "id"), id)
	b = bencode.AppendBytes(bencode.AppendString(b, "nodes"), compact)
	return bencode.AppendEnd(b)
}

// transmissionRPC is Transmission's protocol for remote control, version 16.
type transmissionRPC struct {
	url     string
	session string // what proves that we may call
}

// whole reports whether every torrent is complete, checked and running.
func (c *transmissionRPC) whole(ctx context.Context) bool {
	var all struct {
		Torrents []struct {
			LeftUntilDone, SizeWhenDone int64
			Status, Error               int
		}
	}
	const seeding = 6
	err := c.call(ctx, "torrent-get", map[string]any{"fields": []string{"leftUntilDone", "sizeWhenDone", "status", "error"}}, &all)
	if err != nil || len(all.Torrents) == 0 {
		return false
	}
	for _, t := range all.Torrents {
		if t.LeftUntilDone > 0 || t.Status != seeding {
			return false
		}
	}
	return true
}

// call calls a method. result may be nil.
func (c *transmissionRPC) call(ctx context.Context, method string, args, result any) error {
	body, err := json.Marshal(map[string]any{"method": method, "arguments": args})
	if err != nil {
		return err
	}
	for range 2 {
		var again bool
		if again, err = c.post(ctx, body, result); !again {
			return err
		}
	}
	return err
}

// post reports whether to try again, with the session that it was told.
func (c *transmissionRPC) post(ctx context.Context, body []byte, result any) (again bool, err error) {
	const header = "X-Transmission-Session-Id"
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set(header, c.session)
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusConflict {
		c.session = answer.Header.Get(header)
		return true, fmt.Errorf("transmission: %s", answer.Status)
	}
	var reply struct {
		Result    string
		Arguments json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil {
		return false, err
	}
	if reply.Result != "success" {
		return false, fmt.Errorf("transmission: %s", reply.Result)
	}
	if result == nil {
		return false, nil
	}
	return false, json.Unmarshal(reply.Arguments, result)
}
