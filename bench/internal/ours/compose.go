package ours

import (
	"net"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

// open returns a torrent's spec, with its content in files below dir.
func open(torrent, dir string) (spec engine.Spec, err error) {
	tor, err := metainfo.ReadFile(torrent)
	if err != nil {
		return spec, err
	}
	g := tor.Info.Geometry()
	store, err := diskstore.Open(dir, tor.Info.Files(), diskstore.Options{})
	if err != nil {
		return spec, err
	}
	return engine.Spec{
		Swarms: tor.IDs(), Geometry: g, Verify: tor.Info.Verify, Lanes: tor.Info.Lanes(), Sections: true,
		Storage: store, NewPicker: func() swarm.Picker { return piecepicker.New(g) },
	}, nil
}

// seeding are the limits of an engine that seeds whatever is asked: what it can is
// to be measured, not what it allows.
func seeding(l net.Listener) engine.Config {
	return engine.Config{
		Listeners: []net.Listener{l}, MaxConns: -1,
		Torrent: engine.TorrentConfig{MaxPeers: -1, UploadSlots: -1},
	}
}

// all returns the set of n pieces.
func all(n int) swarm.Bitfield {
	b := swarm.NewBitfield(n)
	b.SetAll(n)
	return b
}
