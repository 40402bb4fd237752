package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// TestNoPEX looks at which extensions a torrent has: peer exchange unless it is private or
// the user wants none.
func TestNoPEX(t *testing.T) {
	metadata, both := []string{"ut_metadata"}, []string{"ut_metadata", "ut_pex"}
	for _, test := range []struct {
		config  Config
		private bool
		want    []string
	}{
		{Config{}, false, both},
		{Config{}, true, metadata},
		{Config{NoPEX: true}, false, metadata},
	} {
		c := &Client{config: test.config, torrents: make(map[swarm.ID]*Torrent)}
		c.torrents[swarm.ID{}] = &Torrent{stage: new(running)}
		var names []string
		for _, newExtension := range c.extensions() {
			e := newExtension(engine.ExtensionTorrent{
				Swarms:  []swarm.ID{{}},
				Private: test.private,
				Say:     func(swarm.Peer, []byte) {},
			})
			if e != nil {
				names = append(names, e.Name())
			}
		}
		require.Equal(t, test.want, names)
	}
}
