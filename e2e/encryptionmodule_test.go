package e2e

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/mse"
	"github.com/stretchr/testify/require"
)

// encryptedPeer has libtorrent share a torrent with peers that encrypt, and nobody else. Arguments:
// the .torrent file, the folder, the address, which payloads it allows (1 plain, 2 RC4), and
// a peer to dial or "". It prints "listening PORT", "payload NAME" once, and "complete".
const encryptedPeer = `
import sys, time
import libtorrent as lt
torrent, folder, address, level, peer = sys.argv[1:]
s = lt.session({
    'listen_interfaces': address + ':0', 'outgoing_interfaces': address,
    'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'enable_outgoing_utp': False, 'enable_incoming_utp': False, 'enable_ip_notifier': False,
    'allow_multiple_connections_per_ip': True,
    'in_enc_policy': 0, 'out_enc_policy': 0, 'allowed_enc_level': int(level),
})
while s.listen_port() == 0:
    time.sleep(0.05)
print('listening', s.listen_port(), flush=True)
h = s.add_torrent({'ti': lt.torrent_info(torrent), 'save_path': folder})
rc4, plain = 0x80000, 0x100000
seen = done = False
while not (seen and done):
    time.sleep(0.05)
    status = h.status()
    if status.is_seeding and not done:
        done = True
        print('complete', flush=True)
        # A peer that was dialed before the check had ended would have to come again.
    if peer and status.state != lt.torrent_status.checking_files and not status.num_peers:
        host, port = peer.rsplit(':', 1)
        h.connect_peer((host, int(port)))
    for p in h.get_peer_info():
        if not seen and p.flags & (rc4 | plain):
            seen = True
            print('payload', 'RC4' if p.flags & rc4 else 'plain', flush=True)
sys.stdin.read()
`

// TestEncryptionModule exchanges torrents with a libtorrent that requires encryption, and either of
// the two payloads, in both directions.
func TestEncryptionModule(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	for _, payload := range []mse.Payload{mse.Plain, mse.RC4} {
		for _, weDial := range []bool{true, false} {
			name := payload.String() + ", it dials"
			if weDial {
				name = payload.String() + ", we dial"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				here := lt.place(t)
				s := shape{"", 256 << 10, []int64{24<<20 + 77}}
				content := s.make(t, 41)
				tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength})
				ours := startShoal(t, here.ours, engine.Config{Connector: connect.New(connect.Options{
					Dialers: []connect.Dialer{connect.TCP{Local: []netip.Addr{here.ours}}},
					Secures: []connect.Secure{mse.Encryption{}},
				})})
				dir := t.TempDir()
				start := func(folder, dial string) *process {
					return launch(t, here.namespace, python, "-c", encryptedPeer, file, folder, here.theirs.String(), strconv.Itoa(int(payload)), dial)
				}
				var p *process
				if weDial {
					p = start(content.dir, "")
					port := p.word(t, "listening ")
					p.word(t, "complete")
					n, err := strconv.ParseUint(port, 10, 16)
					require.NoError(t, err)
					mine := ours.get(t, tor, dir, at(netip.AddrPortFrom(here.theirs, uint16(n))))
					require.NoError(t, mine.Wait(within(t)))
					requireClean(t, mine)
				} else {
					ours.seed(t, tor, content.dir)
					p = start(dir, ours.Addrs()[0].String())
				}
				require.Equal(t, payload.String(), p.word(t, "payload "))
				if !weDial {
					p.word(t, "complete")
				}
				content.requireEqual(t, dir, false)
			})
		}
	}
}

// word waits for a line that begins with a word, and returns the rest of it.
func (p *process) word(t *testing.T, begin string) (rest string) {
	t.Helper()
	require.NoError(t, p.line(within(t), func(s string) (ok bool) {
		rest, ok = strings.CutPrefix(s, begin)
		return ok
	}))
	return rest
}
