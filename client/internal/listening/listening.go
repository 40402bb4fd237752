// Package listening opens the listeners of a client, at the port of its former run if that is
// free.
//
// In come an address and the state folder; out go listeners, which the caller owns.
// Not here: what becomes of connections.
package listening

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
)

// Off is the address at which nothing is accepted.
const Off = "off"

// portFile is the file in the state folder that a random port is saved in.
const portFile = statefolder.Port

// Open opens the listeners. Without an address it takes the port of the former
// run, or a free one, which it saves. state is the state folder; empty means that nothing
// is remembered.
func Open(address, state string) ([]net.Listener, error) {
	switch {
	case address == Off:
		return nil, nil
	case address != "":
		return listenAll(address)
	}
	kept := loadPort(state)
	if kept != 0 {
		if all, err := listenAll(net.JoinHostPort("", strconv.Itoa(int(kept)))); err == nil {
			return all, nil
		}
		// Another program has the port now, probably a client with the same
		// folder. Its port stays saved.
		return listenAll(":0")
	}
	all, err := listenAll(":0")
	if err != nil {
		return nil, err
	}
	if err := savePort(state, portOf(all[0])); err != nil {
		Close(all)
		return nil, err
	}
	return all, nil
}

// listenAll listens at an address. Without a host it takes one socket for IPv4 and IPv6,
// or two with one port if the system has no such sockets.
func listenAll(address string) ([]net.Listener, error) {
	first, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	all := []net.Listener{first}
	host, _, err := net.SplitHostPort(address)
	if err == nil && host == "" && addrOf(first).Is4() {
		second, err := net.Listen("tcp6", net.JoinHostPort("::", strconv.Itoa(int(portOf(first)))))
		if err == nil { // else this machine has no IPv6
			all = append(all, second)
		}
	}
	return all, nil
}

// Close closes the listeners of a client that could not be made. The engine
// closes those of a client that was, including Config.Engine.Listeners.
func Close(all []net.Listener) {
	for _, l := range all {
		l.Close()
	}
}

func addrOf(l net.Listener) netip.Addr {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr()
	}
	return netip.Addr{}
}

func portOf(l net.Listener) uint16 {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.AddrPort().Port()
	}
	return 0
}

// loadPort returns the port of the former run. It returns 0 if there is none or it cannot
// be read, because then any port will do, as in the first run.
func loadPort(state string) uint16 {
	if state == "" {
		return 0
	}
	b, err := os.ReadFile(filepath.Join(state, portFile))
	if err != nil {
		return 0
	}
	port, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}

// savePort saves the port for the next run.
func savePort(state string, port uint16) error {
	if state == "" || port == 0 {
		return nil
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if err := replacefile.Write(filepath.Join(state, portFile), fmt.Appendln(nil, port)); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}
