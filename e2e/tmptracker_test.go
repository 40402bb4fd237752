package e2e

import (
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"fmt"
	"strconv"
)

// temporary, until trackerserver is there
func newTracker(t *testing.T) http.Handler {
	var mu sync.Mutex
	all := map[string]map[netip.AddrPort]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		h := q.Get("info_hash")
		port, _ := strconv.Atoi(q.Get("port"))
		a := netip.MustParseAddrPort(r.RemoteAddr).Addr()
		mu.Lock()
		defer mu.Unlock()
		if all[h] == nil {
			all[h] = map[netip.AddrPort]bool{}
		}
		var b []byte
		for p := range all[h] {
			x := p.Addr().As4()
			b = append(b, x[:]...)
			b = append(b, byte(p.Port()>>8), byte(p.Port()))
		}
		self := netip.AddrPortFrom(a, uint16(port))
		if q.Get("event") == "stopped" {
			delete(all[h], self)
		} else if port != 0 {
			all[h][self] = true
		}
		fmt.Fprintf(w, "d8:intervali2e12:min intervali1e5:peers%d:%se", len(b), b)
	})
}
