package trackers

import (
	"errors"
	"strings"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// An Opener makes trackers by the scheme of their URL. Its UDP trackers share sockets. Its
// methods may be called concurrently.
type Opener struct {
	udp *udptracker.Trackers // nil if UDP trackers must not be used
}

// NewOpener returns an Opener. It makes no UDP trackers if they would go around what
// connects to HTTP trackers, which may be a proxy.
func NewOpener(http httptracker.Config, udp udptracker.Config) *Opener {
	hasOwnTCP := http.Client != nil || http.Dial != nil
	hasOwnUDP := udp.Listen != nil || udp.Conn4 != nil || udp.Conn6 != nil
	if hasOwnTCP && !hasOwnUDP {
		return &Opener{}
	}
	return &Opener{udp: udptracker.NewTrackers(udp)}
}

var errAroundProxy = errors.New("UDP trackers are not used, because they would go around Config.Tracker.Client or Dial; set Config.UDPTracker.Listen too")

// Func returns a function that makes trackers. Those over HTTP share a Config.
func (o *Opener) Func(c httptracker.Config) func(url string) (swarm.PeerSource, error) {
	http := httptracker.NewTrackers(c)
	return func(url string) (swarm.PeerSource, error) {
		scheme, _, _ := strings.Cut(url, "://")
		switch {
		case !strings.EqualFold(scheme, "udp"):
			return http.New(url)
		case o.udp == nil:
			return nil, errAroundProxy
		}
		return o.udp.New(url)
	}
}

// Close closes the sockets. Calls of trackers end with an error afterwards.
func (o *Opener) Close() {
	if o.udp != nil {
		o.udp.Close()
	}
}
