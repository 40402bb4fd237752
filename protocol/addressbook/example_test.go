package addressbook_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/swarm"
)

// A tracker named one peer. Each dial fails, so the waits between them grow.
func Example() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	peer := swarm.Address{AddrPort: netip.MustParseAddrPort("192.0.2.7:6881")}
	var book addressbook.Book
	book.Add(now, peer, addressbook.All(1))
	for range 3 {
		for {
			addr, _, ok := book.Next(now, false)
			if !ok {
				break
			}
			fmt.Println("dial", addr)
			book.Ended(now, addr, addressbook.Failed)
		}
		fmt.Println("wait", book.Due().Sub(now))
		now = book.Due()
	}
	// Output:
	// dial 192.0.2.7:6881
	// wait 1s
	// dial 192.0.2.7:6881
	// wait 5s
	// dial 192.0.2.7:6881
	// wait 15s
}
