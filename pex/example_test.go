package pex_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/pex"
	"github.com/shoal-bt/shoal/protocol/extension"
)

// An engine takes the exchange as engine.Spec.Extensions, or as TorrentConfig.Extensions for
// all torrents.
func Example() {
	makers := []extension.Maker{pex.New}
	public := extension.NewRegistry(extension.Torrent{}, makers, nil)
	private := extension.NewRegistry(extension.Torrent{Private: true}, makers, nil)
	fmt.Println(public.Len(), private.Len())
	// Output: 1 0
}
