package dhttool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
)

// off is the value of --bootstrap that turns it off.
const off = "off"

// A Network is the flags that say with whom a command begins, and for how long it asks.
type Network struct {
	Bootstrap []string `placeholder:"HOST:PORT" help:"Node to begin with, instead of well-known ones. May be given several times; off for none."`
	Limit
}

// A Limit is the flag that says for how long a command asks.
type Limit struct {
	Timeout time.Duration `default:"30s" placeholder:"TIME" help:"How long to ask at most (default: 30s)."`
}

// errTimeout says that the time of a command was over before its search.
var errTimeout = errors.New("the search was not over in time")

// errNobody says that no node is named to begin with.
var errNobody = usage.Error{Err: errors.New("--bootstrap off leaves nobody to ask; name a node with --bootstrap HOST:PORT")}

// ask is connect for a call whose context ends after the timeout.
func (f Network) ask(ctx context.Context, p *Program, call func(ctx context.Context, n *dht.Node) error) error {
	ctx, stop, err := f.begin(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return f.connect(ctx, p, call)
}

// connect opens a node that begins with the nodes of the flags, calls call with it, and
// closes it.
func (f Network) connect(ctx context.Context, p *Program, call func(ctx context.Context, n *dht.Node) error) error {
	if f.isOff() {
		return errNobody
	}
	addrs, err := f.resolve(ctx, p)
	if err != nil {
		return err
	}
	return f.explain(open(config(addrs), families(addrs), func(n *dht.Node) error { return call(ctx, n) }))
}

func (f Network) isOff() bool {
	return len(f.Bootstrap) == 1 && strings.EqualFold(strings.TrimSpace(f.Bootstrap[0]), off)
}

// resolve returns the addresses of the nodes of --bootstrap; none for the well-known ones.
func (f Network) resolve(ctx context.Context, p *Program) (all []netip.AddrPort, err error) {
	var failed []error
	for _, name := range f.Bootstrap {
		addrs, err := lookUp(ctx, name)
		if errors.As(err, new(usage.Error)) {
			return nil, usage.Error{Err: fmt.Errorf("--bootstrap: %w", err)}
		}
		if err != nil {
			failed = append(failed, err)
		}
		all = append(all, addrs...)
	}
	if len(all) == 0 {
		return nil, errors.Join(failed...)
	}
	for _, err := range failed {
		p.Warn("%s", message.Of(err))
	}
	return all, nil
}

// explain says what a user can do about an error of a search, which says why it failed.
func (f Network) explain(err error) error {
	switch {
	case errors.Is(err, dht.ErrNoNodes) && len(f.Bootstrap) > 0:
		return advice.New(err, "Check the addresses of --bootstrap, and that these nodes are running.")
	case errors.Is(err, dht.ErrNoNodes):
		return advice.New(err, "Check that this machine is online, or name a node that you know with --bootstrap.")
	}
	return f.Limit.explain(err)
}

// words returns the flags of a command to paste that asks the same nodes.
func (f Network) words() (words []string) {
	for _, name := range f.Bootstrap {
		words = append(words, shell.Flag("--bootstrap", name))
	}
	return words
}

// askOne calls call with a node that knows nobody and the address of one that is to be asked.
func (l Limit) askOne(ctx context.Context, address string, call func(ctx context.Context, n *dht.Node, addr netip.AddrPort) error) error {
	ctx, stop, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer stop()
	addrs, err := lookUp(ctx, address)
	if err != nil {
		return err
	}
	addr := addrs[0]
	err = open(dht.Config{Routers: []string{}}, families(addrs[:1]), func(n *dht.Node) error { return call(ctx, n, addr) })
	if errors.Is(err, dht.ErrNoNodes) {
		return advice.New(fmt.Errorf("%s does not answer", address), "Check the address and the port. The node may not be running, or something may block UDP.")
	}
	var refused *krpc.Error
	if errors.As(err, &refused) {
		return advice.New(fmt.Errorf("%s answered that it does not help: %w", address, err), "Try again later, or ask another node.")
	}
	return l.explain(err)
}

// begin returns a context that ends after the timeout.
func (l Limit) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if l.Timeout < time.Second {
		return nil, nil, usage.Error{Err: fmt.Errorf("--timeout: %v is too short; give 1s or more", l.Timeout)}
	}
	ctx, stop := context.WithTimeoutCause(ctx, l.Timeout, errTimeout)
	return ctx, stop, nil
}

// explain says what a user can do if the time is over.
func (l Limit) explain(err error) error {
	if errors.Is(err, errTimeout) {
		return advice.New(fmt.Errorf("%w, which is %v", errTimeout, l.Timeout), "Give it more time with --timeout.")
	}
	return err
}

// lookUp returns the addresses of HOST:PORT, at least one if there is no error.
func lookUp(ctx context.Context, name string) (all []netip.AddrPort, err error) {
	host, text, err := net.SplitHostPort(strings.TrimSpace(name))
	port, badPort := strconv.ParseUint(text, 10, 16)
	isValid := err == nil && badPort == nil && port > 0 && host != ""
	if !isValid {
		return nil, usage.Error{Err: fmt.Errorf("%q is not the address of a node; give HOST:PORT, such as 192.0.2.7:6881", name)}
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(port)))
	}
	return all, nil
}

// config returns how a node works that begins with some others; without any with the
// well-known ones.
func config(addrs []netip.AddrPort) (c dht.Config) {
	if len(addrs) == 0 {
		return c
	}
	c.Routers = []string{} // a node that the user names may be the one that has what they want
	for _, a := range addrs {
		c.Nodes = append(c.Nodes, a.String())
	}
	return c
}

// families returns the networks of the sockets that are needed to ask some nodes. Without
// any these are IPv4, and IPv6 if this machine has a public address of it: nobody answers
// otherwise, and the search would wait.
func families(addrs []netip.AddrPort) (networks []string) {
	const v4, v6 = "udp4", "udp6"
	if len(addrs) == 0 {
		if hasPublic6() {
			return []string{v4, v6}
		}
		return []string{v4}
	}
	for _, a := range addrs {
		network := v6
		if a.Addr().Is4() {
			network = v4
		}
		if !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
	}
	return networks
}

// hasPublic6 reports whether this machine has a public IPv6 address.
func hasPublic6() bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Is6() && p.Addr().IsGlobalUnicast() && !p.Addr().IsPrivate()
	})
}

// open opens a node on sockets of its own, calls call with it, and closes all.
func open(c dht.Config, networks []string, call func(n *dht.Node) error) error {
	c.ReadOnly = true
	var failed error
	for _, network := range networks {
		conn, err := net.ListenPacket(network, ":0")
		if err != nil {
			failed = err
			continue
		}
		defer conn.Close()
		if network == "udp4" {
			c.Conn4 = conn
		} else {
			c.Conn6 = conn
		}
	}
	if c.Conn4 == nil && c.Conn6 == nil {
		return failed
	}
	n, err := dht.Open(c)
	if err != nil {
		return err
	}
	defer n.Close()
	return call(n)
}
