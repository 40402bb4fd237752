package client

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// readSource returns the torrent that source stands for.
func (c *Client) readSource(ctx context.Context, source any) (*metainfo.Torrent, error) {
	switch s := source.(type) {
	case string:
		return c.readString(ctx, s)
	case []byte:
		return c.config.Metainfo.Parse(s)
	case io.Reader:
		return c.config.Metainfo.Read(s)
	case *metainfo.Torrent:
		if s == nil || s.Info == nil {
			return nil, &metainfo.InvalidError{Err: errors.New("the torrent has no info dictionary")}
		}
		return s, nil
	case *metainfo.Info:
		if s == nil {
			return nil, &metainfo.InvalidError{Err: errors.New("there is no info dictionary")}
		}
		return &metainfo.Torrent{Info: s}, nil
	case *metainfo.Magnet, swarm.ID:
		return nil, ErrMagnet
	}
	return nil, fmt.Errorf("cannot add a %T: want a path, URL, []byte, io.Reader or *metainfo.Torrent", source)
}

func (c *Client) readString(ctx context.Context, s string) (*metainfo.Torrent, error) {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "magnet:"):
		if _, err := metainfo.ParseMagnet(s); err != nil {
			return nil, err
		}
		return nil, ErrMagnet
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return c.fetchTorrent(ctx, s)
	}
	if _, err := os.Stat(s); errors.Is(err, fs.ErrNotExist) {
		if _, err := ParseHash(s); err == nil {
			return nil, ErrMagnet
		}
	}
	t, err := c.config.Metainfo.ReadFile(s)
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) { // which does not say of what file
		err = fmt.Errorf("%s: %w", s, err)
	}
	return t, err
}

// ParseHash reads a v1 info hash of 40 hexadecimal digits or 32 of base 32, or a
// v2 info hash of 64 hexadecimal digits, which is cut; case does not matter. The
// error matches ErrInfoHash.
func ParseHash(s string) (swarm.ID, error) {
	var b []byte
	var err error
	switch len(s) {
	case 40, 64:
		b, err = hex.DecodeString(s)
	case 32:
		b, err = base32.StdEncoding.DecodeString(strings.ToUpper(s))
	default:
		err = ErrInfoHash
	}
	if err != nil {
		return swarm.ID{}, fmt.Errorf("client: %.80q: %w", s, ErrInfoHash)
	}
	return swarm.ID(b[:len(swarm.ID{})]), nil
}

// LookupPeer returns the addresses of the peer at "host:port", where host is an
// IP address or a name. The error matches ErrAddress, or is that of ctx.
func LookupPeer(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("client: %.80q: %w: %w", address, ErrAddress, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || host == "" {
		return nil, fmt.Errorf("client: %.80q: %w", address, ErrAddress)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("client: %.80q: %w: %w", address, ErrAddress, err)
	}
	all := make([]netip.AddrPort, 0, len(addrs))
	for _, a := range addrs {
		p := netip.AddrPortFrom(a.Unmap(), uint16(port))
		if err := checkPeer(p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// checkPeer reports whether a peer can be at an address.
func checkPeer(p netip.AddrPort) error {
	if a := p.Addr(); !p.IsValid() || p.Port() == 0 || a.IsUnspecified() || a.IsMulticast() {
		return fmt.Errorf("client: %s: %w", p, ErrAddress)
	}
	return nil
}
