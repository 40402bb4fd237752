package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/protocol/extension"
)

// TestNoPEX looks at which extensions a torrent has: peer exchange unless it is private or
// the user wants none.
func TestNoPEX(t *testing.T) {
	for _, test := range []struct {
		config  Config
		private bool
		want    int
	}{
		{Config{}, false, 2},
		{Config{}, true, 1},
		{Config{NoPEX: true}, false, 1},
	} {
		tor := &running{client: &Client{config: test.config}}
		all := extension.NewRegistry(engine.ExtensionTorrent{Private: test.private}, tor.extensions(&metainfo.Torrent{Info: new(metainfo.Info)}), nil)
		require.Equal(t, test.want, all.Len(), test)
	}
}
