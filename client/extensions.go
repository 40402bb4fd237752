package client

import (
	"github.com/shoal-bt/shoal/client/internal/metacache"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
	"github.com/shoal-bt/shoal/pex"
)

// extensions returns what all torrents have of the extension protocol. They share the makers,
// because most torrents of a large client rest, and a maker of its own costs each of them memory.
func (c *Client) extensions() []engine.ExtensionMaker {
	all := []engine.ExtensionMaker{c.serveMetadata}
	if !c.config.NoPEX {
		all = append(all, pex.New)
	}
	return all
}

// serveMetadata makes the extension that serves a torrent's metadata. It is called in a turn.
func (c *Client) serveMetadata(of engine.ExtensionTorrent) engine.Extension {
	t := c.runningOf(of.Swarms[0])
	if t == nil {
		return nil // it was just removed
	}
	return magnet.Serve(t.cache.Size(), t.metadataReader())(of)
}

// metadataReader returns what reads the info dictionary.
func (t *running) metadataReader() metacache.Reader {
	return metacache.Reader{Cache: &t.cache, Path: t.copyPath}
}
