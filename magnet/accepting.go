package magnet

import (
	"time"

	"github.com/shoal-bt/shoal/connect"
)

// An accepting is what peers that dial us find: the Connector answers them with our handshake.
type accepting struct {
	stops   []func()
	dhtPort uint16 // of our node of the DHT; 0 for none
}

// accept has the Connector hand over the connections that peers make in the link's swarms, until
// stopAccepting.
func (r *run) accept() {
	before := r.stops
	r.stops = nil
	for _, id := range r.swarms {
		answer := connect.Receiver{Ours: r.options.ours(id, r.dhtPort != 0), Take: r.AddConn}
		r.stops = append(r.stops, r.options.Connector.Receive(id, answer))
	}
	for _, stop := range before {
		stop()
	}
}

// stopAccepting takes accept back.
func (r *run) stopAccepting() {
	for _, stop := range r.stops {
		stop()
	}
}

// followDHT notices when the user's node of the DHT opens, closes or moves.
func (r *run) followDHT(now time.Time) {
	port := r.options.DHTPort()
	hasChanged := (port == 0) != (r.dhtPort == 0)
	r.dhtPort = port
	r.state.SetDHTPort(now, port)
	if hasChanged {
		r.accept()
	}
}
