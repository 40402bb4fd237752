package trackertool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/torrentsource"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/trackersockets"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

// Tracker is the command "tracker".
type Tracker struct {
	Listen      string        `short:"l" default:":6969" placeholder:"ADDRESS" help:"Address to listen at: HOST:PORT, :PORT or PORT (default: :6969)."`
	NoHTTP      bool          `name:"no-http" help:"Do not answer over HTTP."`
	NoUDP       bool          `name:"no-udp" help:"Do not answer over UDP."`
	Torrent     []string      `placeholder:"FILE" help:"Serve only this torrent. May be given several times (default: every torrent)."`
	Interval    time.Duration `default:"30m" placeholder:"TIME" help:"How long peers should wait between announces (default: 30m)."`
	BehindProxy []string      `placeholder:"NETWORK" help:"Trust the header X-Forwarded-For of proxies in this network, such as 10.0.0.0/8."`

	MaxTorrents           int `placeholder:"N" help:"Maximum number of torrents (default: 100000; --max-torrents=-1 for no limit)."`
	MaxPeers              int `placeholder:"N" help:"Maximum number of peers in one torrent (default: 10000)."`
	MaxTotalPeers         int `placeholder:"N" help:"Maximum number of peers in all torrents (default: 2000000)."`
	MaxTorrentsPerAddress int `placeholder:"N" help:"Maximum number of torrents that one address may be in (default: 10000)."`
	MaxPeersPerAddress    int `placeholder:"N" help:"Maximum number of peers of one address in one torrent (default: 32)."`
	MaxConnections        int `placeholder:"N" help:"Maximum number of connections (default: 1000)."`
}

// Help is shown below the usage.
func (Tracker) Help() string {
	return `The tracker speaks HTTP and UDP at one port, and keeps everything in memory. It
runs until Ctrl-C. When it is full, a newcomer takes the place of the oldest entry of the address that
has most. The limits per address count a /64 of IPv6 as one address, and they do not
apply to this machine's own address 127.0.0.1.

Examples:

    shoal tracker
    shoal tracker --listen 127.0.0.1:8000 --torrent some.torrent
    shoal create film.mkv --announce http://tracker.example:6969/announce`
}

// listeningJSON is the JSON object of a tracker that begins.
type listeningJSON struct {
	Event       string `json:"event"`                 // "listening"
	Announce    string `json:"announce,omitempty"`    // URL of HTTP
	AnnounceUDP string `json:"announceUDP,omitempty"` // URL of UDP
}

// statsObject is the JSON object of what a tracker did and knows.
type statsObject struct {
	Event     string `json:"event"` // "stats"
	Announces uint64 `json:"announces"`
	Scrapes   uint64 `json:"scrapes"`
	Refused   uint64 `json:"refused"`
	Swarms    int    `json:"swarms"`
	Peers     int    `json:"peers"`
	Seeds     int    `json:"seeds"`

	UDP *udpObject `json:"udp,omitempty"` // which of these came over UDP
}

// udpObject is the part of statsObject that is about UDP.
type udpObject struct {
	Connects  uint64 `json:"connects"`
	Announces uint64 `json:"announces"`
	Scrapes   uint64 `json:"scrapes"`
	Refused   uint64 `json:"refused"`
	Unproven  uint64 `json:"unproven"`
	Ignored   uint64 `json:"ignored"`
}

// Run serves until ctx is done.
func (cmd Tracker) Run(ctx context.Context, c *console.Console) error {
	if cmd.Interval < time.Second {
		return usage.Error{Err: fmt.Errorf("--interval: %v is too short; give 1s or more", cmd.Interval)}
	}
	config := trackerserver.Config{
		Interval:            cmd.Interval,
		MaxSwarms:           cmd.MaxTorrents,
		MaxPeers:            cmd.MaxPeers,
		MaxTotalPeers:       cmd.MaxTotalPeers,
		MaxSwarmsPerAddress: cmd.MaxTorrentsPerAddress,
		MaxPeersPerAddress:  cmd.MaxPeersPerAddress,
		MaxConns:            cmd.MaxConnections,
	}
	var err error
	if config.Proxies, err = address.Networks(cmd.BehindProxy); err != nil {
		return err
	}
	if len(cmd.Torrent) > 0 {
		allowed := make(map[swarm.ID]bool)
		for _, name := range cmd.Torrent {
			t, err := torrentsource.Read(ctx, c, name)
			if err != nil {
				return err
			}
			for _, id := range t.IDs() {
				allowed[id] = true
			}
		}
		config.Allow = func(id swarm.ID) bool { return allowed[id] }
	}
	address, err := address.OfSocket(cmd.Listen, "HOST:PORT, :PORT or PORT")
	if err != nil {
		return err
	}
	if cmd.NoHTTP && cmd.NoUDP {
		return usage.Error{Err: errors.New("--no-http and --no-udp leave nothing to serve; give one of them")}
	}
	sockets, err := trackersockets.Open(address, !cmd.NoHTTP, !cmd.NoUDP)
	if err != nil {
		return err
	}
	server := trackerserver.New(config)
	served := make(chan error, 1)
	go func() { served <- sockets.Serve(ctx, server) }()
	cmd.announce(c, sockets)
	return cmd.report(ctx, c, server, served)
}

// announce says where the tracker listens.
func (cmd Tracker) announce(c *console.Console, sockets trackersockets.Sockets) {
	at, over := sockets.Addr()
	o := listeningJSON{Event: "listening"}
	var urls []string
	if !cmd.NoHTTP {
		o.Announce = "http://" + address.Shown(at) + "/announce"
		urls = append(urls, o.Announce)
	}
	if !cmd.NoUDP {
		o.AnnounceUDP = "udp://" + address.Shown(at) + "/announce"
		urls = append(urls, o.AnnounceUDP)
	}
	c.Emit(o)
	c.Say("The tracker listens at %s, over %s.", at, over)
	for _, url := range urls {
		c.Say("Announce URL: %s", url)
	}
	c.Say("On other machines, put this machine's address in the URL. Ctrl-C stops it.")
}

// report prints what the tracker did: each second on a terminal, else each minute.
func (cmd Tracker) report(ctx context.Context, c *console.Console, server *trackerserver.Server, served <-chan error) error {
	every := time.Minute
	if c.IsLive {
		every = time.Second
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	var last trackerserver.Stats
	for {
		select {
		case err := <-served:
			c.Screen.Clear()
			if ctx.Err() == nil {
				return err
			}
			c.Say("The tracker stopped: %s.", formatStats(server.Stats()))
			return nil
		case <-ticks.C:
		}
		st := server.Stats()
		line := formatStats(st)
		if c.IsLive && !c.IsJSON {
			c.Draw(line)
			continue
		}
		if st != last {
			c.Emit(cmd.statsJSON(st))
			c.Say("%s", line)
		}
		last = st
	}
}

// statsJSON returns the object for what a tracker did and knows.
func (cmd Tracker) statsJSON(st trackerserver.Stats) statsObject {
	o := statsObject{
		Event:     "stats",
		Announces: st.Announces,
		Scrapes:   st.Scrapes,
		Refused:   st.Refused,
		Swarms:    st.Swarms,
		Peers:     st.Peers,
		Seeds:     st.Seeds,
	}
	if !cmd.NoUDP {
		udp := udpObject(st.UDP)
		o.UDP = &udp
	}
	return o
}

// formatStats says what a tracker did and knows.
func formatStats(st trackerserver.Stats) string {
	announces := quantity.Count(int(st.Announces), "announce")
	if st.UDP.Announces > 0 {
		announces += fmt.Sprintf(" (%s over UDP)", quantity.Number(int64(st.UDP.Announces)))
	}
	if st.UDP.Unproven > 0 {
		announces += ", " + quantity.Count(int(st.UDP.Unproven), "unproven packet")
	}
	return announces + ", " + quantity.Count(int(st.Refused), "refusal") + ", " +
		quantity.Count(st.Swarms, "torrent") + ", " + quantity.Count(st.Peers, "peer") + ", " + quantity.Count(st.Seeds, "seed")
}
