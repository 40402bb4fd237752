// Package discovery says how a command finds peers without trackers, and how that goes.
//
// In come flags and the figures of a client; out go the client's settings, and words for people.
// It has no state.
package discovery

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// Off is the value of --bootstrap that names no node.
const Off = "off"

// Flags are those of commands that find peers without trackers.
type Flags struct {
	NoDht     bool     `help:"Do not find peers by the DHT, a network that needs no trackers. Private torrents never use it."`
	NoLsd     bool     `help:"Do not find peers on the local network (LSD). Private torrents never use it."`
	Bootstrap []string `placeholder:"HOST:PORT" help:"Node to enter the DHT by, instead of the usual ones; or off for none. May be given several times, or as a list with commas."`
}

// Apply changes the settings of a client.
func (f Flags) Apply(config *client.Config) error {
	config.DHT, config.LSD = !f.NoDht, !f.NoLsd
	if len(f.Bootstrap) == 0 {
		return nil
	}
	config.Node.Routers = []string{} // a node that the user names may be the one that has what they want
	for _, text := range f.Bootstrap {
		text = strings.TrimSpace(text)
		isOff := strings.EqualFold(text, Off)
		switch {
		case isOff && len(f.Bootstrap) > 1:
			return usage.Error{Err: errors.New("--bootstrap: give off alone, or nodes")}
		case isOff || text == "":
			continue
		}
		host, port, err := net.SplitHostPort(text)
		n, badPort := strconv.ParseUint(port, 10, 16)
		if err != nil || host == "" || badPort != nil || n == 0 {
			return usage.Error{Err: fmt.Errorf("--bootstrap: %q is not HOST:PORT, such as 192.0.2.7:6881, or off", text)}
		}
		config.Node.Nodes = append(config.Node.Nodes, text)
	}
	return nil
}
