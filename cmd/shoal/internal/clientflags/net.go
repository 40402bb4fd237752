package clientflags

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/discovery"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/protocol/choking"
)

// Net are the flags of commands that talk to peers.
type Net struct {
	Peer     []string `short:"p" placeholder:"HOST:PORT" help:"Peer to connect to. May be given several times, or as a list with commas."`
	Listen   string   `short:"l" placeholder:"ADDRESS" help:"Address to accept peers at: HOST:PORT, :PORT or PORT; or off (default: a free port, and the same one after a restart)."`
	State    string   `placeholder:"FOLDER" help:"Folder for what Shoal remembers between runs, or off (default: shoal in your configuration folder)."`
	MaxPeers int      `placeholder:"N" help:"Maximum number of connections per torrent (default: 80; --max-peers=-1 for no limit)."`
	NoPex    bool     `help:"Do not exchange addresses of other peers with peers."`
	discovery.Flags
	Choker string `placeholder:"POLICY" help:"Whom to upload to: tit-for-tat, by-rate, fastest-upload, round-robin or anti-leech (default: tit-for-tat)."`
}

// Config returns the client's settings and the peers.
func (f Net) Config(ctx context.Context) (config client.Config, peers []netip.AddrPort, err error) {
	if config.Listen, err = address.OfPeers(f.Listen); err != nil {
		return config, nil, err
	}
	config.State, config.NoPEX = f.State, f.NoPex
	config.Engine.Torrent.MaxPeers = f.MaxPeers
	if err = f.setChoker(&config.Engine.Torrent); err != nil {
		return config, nil, err
	}
	if err = f.Apply(&config); err != nil {
		return config, nil, err
	}
	for _, text := range f.Peer {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(text); err != nil {
			return config, nil, usage.Error{Err: fmt.Errorf("--peer: %q is not HOST:PORT, such as 192.0.2.7:6881", text)}
		}
		found, err := client.LookupPeer(ctx, text)
		if err != nil {
			return config, nil, err
		}
		peers = append(peers, found...)
	}
	return config, peers, nil
}

// setChoker has the torrents upload by the policy that --choker names.
func (f Net) setChoker(config *engine.TorrentConfig) (err error) {
	if f.Choker == "" {
		return nil
	}
	config.NewChoker, err = choking.ByName(f.Choker)
	if err != nil {
		return usage.Error{Err: fmt.Errorf("--choker: there is no policy %q; give one of %s", f.Choker, strings.Join(choking.Policies(), ", "))}
	}
	return nil
}
