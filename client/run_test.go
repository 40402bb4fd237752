package client

// run returns the stage of a torrent whose metadata is there.
func (t *Torrent) run() *running { return t.now().(*running) }
