package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// portFile is where a random port is kept, in the state folder.
const portFile = "port"

// openListeners opens what connections are accepted at. state may be empty.
func openListeners(address, state string) ([]net.Listener, error) {
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
		// Something else has the port now, most likely another client with
		// the same folder: it stays that one's.
		return listenAll(":0")
	}
	all, err := listenAll(":0")
	if err != nil {
		return nil, err
	}
	if err := savePort(state, portOf(all[0])); err != nil {
		closeListeners(all)
		return nil, err
	}
	return all, nil
}

// listenAll listens at an address. Without a host that is one socket for IPv4 and
// IPv6 where the system has such; where it does not, two, on one port.
func listenAll(address string) ([]net.Listener, error) {
	first, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	all := []net.Listener{first}
	host, _, err := net.SplitHostPort(address)
	if err == nil && host == "" && addrOf(first).Is4() {
		second, err := net.Listen("tcp6", net.JoinHostPort("::", strconv.Itoa(int(portOf(first)))))
		if err == nil { // otherwise there is no IPv6 here
			all = append(all, second)
		}
	}
	return all, nil
}

// closeListeners closes the listeners of a client that could not be made. The engine
// closes those of a client that was, including Config.Engine.Listeners.
func closeListeners(all []net.Listener) {
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

// loadPort returns the port of the former run; 0 if there is none or it cannot be
// read, which is no worse than the first run.
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

// savePort keeps the port for the next run. The file is whole or not there.
func savePort(state string, port uint16) error {
	if state == "" || port == 0 {
		return nil
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	temporary, err := os.CreateTemp(state, portFile+".new*")
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	_, err = fmt.Fprintln(temporary, port)
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(state, portFile))
	}
	if err != nil {
		os.Remove(temporary.Name())
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}
