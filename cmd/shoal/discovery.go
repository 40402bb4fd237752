package main

import (
	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/discovery"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
)

// discovery returns how finding peers without trackers goes.
func (s *session) discovery() discovery.State {
	return discovery.State{On: s.config.DHT, DHT: s.client.DHTStats()}
}

// findsPeers reports whether peers of a torrent can be found anywhere without its trackers.
func (s *session) findsPeers(private bool) bool { return s.config.DHT && !private }

// findsLocalPeers reports whether they can be found on the local network.
func (s *session) findsLocalPeers(private bool) bool { return s.config.LSD && !private }

// handleDiscovery handles what concerns the DHT and the local network. It reports whether an event
// does. i is nil for an event that is about no torrent.
func (s *session) handleDiscovery(i *item, e client.Event) bool {
	switch e := e.(type) {
	case client.DHTBootstrapped, client.DHTClosed:
		s.handleDHT(e)
		return true
	case client.Warning:
		if i == nil { // it is about the client
			s.c.Report(console.Failure{Event: "warning", Message: message.Of(e.Err), Advice: s.c.Command.Advice(e.Err)}, "")
		}
		return i == nil
	case client.SourceFailed:
		if s.client.IsDHT(e.Source) {
			s.handleDHT(e)
			return true
		}
		return s.client.IsLSD(e.Source) // it is no trouble that there is no local network
	case client.SourceReply:
		name := ""
		switch {
		case s.client.IsDHT(e.Source):
			name = "dht"
		case s.client.IsLSD(e.Source):
			name = "lsd"
		}
		if name != "" && i != nil {
			s.c.Emit(eventJSON{Event: name, Torrent: i.id, Peers: &e.Peers})
		}
		return name != ""
	}
	return false
}

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
		s.c.Emit(dhtJSON{"dht", now.DHT.Nodes})
		if s.dhtFailed {
			s.c.Say("The DHT works now: %s known.", quantity.Count(now.DHT.Nodes, "node"))
		}
		s.dhtFailed = false
		return
	}
	text, advice := now.Trouble(s.config.Node)
	if text == "" || s.dhtFailed || !s.needsDHT() {
		return
	}
	s.dhtFailed = true
	s.c.Report(console.Failure{Event: "warning", Message: text, Advice: advice}, "")
}

// needsDHT reports whether a torrent has nobody, and the DHT could help.
func (s *session) needsDHT() bool {
	for _, i := range s.items {
		st := i.t.Stats()
		isIdle := st.Peers == 0 && (!st.Finished() || !hasUsableTracker(i.t))
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
