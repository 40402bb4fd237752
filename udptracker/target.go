package udptracker

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/swarm/announceurl"
)

// A target is the URL of a tracker.
type target struct {
	host    string
	addr    netip.Addr // host, if that is an address
	port    uint16
	data    string   // path and query
	shown   string   // the URL for display
	secrets []string // components of the URL that must not be shown
}

// maxURLData is what fits into the options of one packet, in bytes.
const maxURLData = maxRequest - announceLength - 2*((maxRequest-announceLength)/(maxOption+2)+1)

// with returns the target with the parameters of Config.Params in its query, as many as fit
// into a packet: https://www.bittorrent.org/beps/bep_0041.html#option-types.
func (t target) with(params url.Values) (longer target, leftOut string) {
	separator := "?"
	switch {
	case strings.HasSuffix(t.data, "&"):
		separator = ""
	case strings.Contains(t.data, "?"):
		separator = "&"
	}
	p := announceurl.EncodeParams(params, maxURLData-len(t.data)-len(separator))
	if p.Query != "" {
		t.data += separator + p.Query
	}
	t.secrets = slices.Concat(p.Secrets, t.secrets)
	return t, p.LeftOut
}

// parseTarget checks an announce URL. Its errors do not quote the URL.
func parseTarget(rawURL string) (target, error) {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || (u.Scheme != "" && u.Host == "") {
		return target{}, errors.New("not a valid URL; write one such as udp://tracker.example:6969")
	}
	t := target{host: u.Hostname(), data: u.EscapedPath()}
	if u.RawQuery != "" {
		t.data += "?" + u.RawQuery
	}
	t.shown, t.secrets = announceurl.Split(u)
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	t.port = uint16(port)
	switch {
	case u.Scheme != "udp":
		return target{}, &SchemeError{u.Scheme}
	case t.host == "":
		return target{}, errors.New("the URL has no host; write one such as udp://tracker.example:6969")
	case err != nil || port == 0:
		return target{}, errors.New("the URL has no valid port; write one such as udp://tracker.example:6969")
	}
	t.addr, _ = netip.ParseAddr(t.host)
	length := len(appendURLData(make([]byte, announceLength), t.data))
	if length > maxRequest {
		return target{}, &TooLongError{Length: length, Max: maxRequest}
	}
	return t, nil
}
