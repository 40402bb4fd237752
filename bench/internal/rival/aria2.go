package rival

import (
	"context"
	"fmt"

	"github.com/shoal-bt/shoal/bench/internal/load"
)

// prepareAria2 returns the arguments of aria2c.
func prepareAria2(j *job) ([]string, error) {
	return []string{
		"--no-conf",
		"--dir=" + j.folder,
		"--interface=" + host,
		fmt.Sprintf("--listen-port=%d", j.port),
		"--enable-dht=false",
		"--enable-dht6=false",
		"--enable-peer-exchange=false",
		"--bt-enable-lpd=false",
		"--bt-require-crypto=false",
		"--disable-ipv6=true",
		"--file-allocation=none",
		"--bt-max-peers=0",
		"--bt-seed-unverified=true",
		"--seed-ratio=0",
		"--on-bt-download-complete=" + j.finished,
		"--console-log-level=warn",
		"--summary-interval=0",
		"--show-console-readout=false",
		j.torrent,
	}, nil
}

// aria2Ready reports whether aria2 shakes hands for the torrent.
func aria2Ready(ctx context.Context, j *job) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := load.Hold{ID: j.id, Addr: j.address()}
	return h.Open(ctx, 1) == nil, nil
}
