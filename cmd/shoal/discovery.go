package main

import (
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/discovery"
)

// discovery returns how finding peers without trackers goes.
func (s *session) discovery() discovery.State {
	return discovery.State{On: s.config.DHT, DHT: s.client.DHTStats()}
}

// findsPeers reports whether peers of a torrent can be found without its trackers.
func (s *session) findsPeers(private bool) bool { return s.config.DHT && !private }

// dhtJSON is the JSON object of what the DHT knows.
type dhtJSON struct {
	Event string `json:"event"` // "dht"
	Nodes int    `json:"nodes"`
}

// handleDHT says that the DHT finds nothing, when somebody needs it, and that it works again. Each
// is said once.
func (s *session) handleDHT(e client.Event) {
	now := s.discovery()
	boot, isBoot := e.(client.DHTBootstrapped)
	if isBoot && boot.Err == nil {
		s.c.emit(dhtJSON{"dht", now.DHT.Nodes})
		if s.dhtFailed {
			s.c.say("The DHT works now: %s", now.Text(false))
		}
		s.dhtFailed = false
		return
	}
	text, advice := now.Trouble(s.config.Node.Routers)
	if text == "" || s.dhtFailed || !s.needsDHT() {
		return
	}
	s.dhtFailed = true
	s.c.report(failureJSON{Event: "warning", Message: text, Advice: advice}, "")
}

// needsDHT reports whether a torrent has nobody, and the DHT could help.
func (s *session) needsDHT() bool {
	for _, i := range s.items {
		st := i.t.Stats()
		isIdle := st.Peers == 0 && (!st.Complete() || !hasUsableTracker(i.t))
		if i.err == nil && !i.private && isIdle {
			return true
		}
	}
	return false
}

// learnPrivate notes whether a torrent is private, when that is known.
func (i *item) learnPrivate() {
	meta, err := i.t.Metainfo()
	i.private = err == nil && meta.Info.Private
}
