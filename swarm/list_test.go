package swarm_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
)

var list = swarm.List{
	{AddrPort: netip.MustParseAddrPort("192.0.2.1:6881"), Flags: swarm.Seed},
	{AddrPort: netip.MustParseAddrPort("[2001:db8::1]:6882")},
}

func TestListIsPeerSource(t *testing.T) {
	sourcetest.Run(t, func(*testing.T) swarm.PeerSource { return list })
}

func TestListTellsEachAddressOnce(t *testing.T) {
	var found []swarm.Address
	collect := func(p swarm.Address) { found = append(found, p) }
	answer, err := list.Announce(context.Background(), swarm.Announcement{Event: swarm.Started}, collect)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(found, list) {
		t.Errorf("found %v, want %v", found, list)
	}
	if answer.Next != 0 || answer.Seeds != -1 || answer.Leechers != -1 {
		t.Errorf("answer %+v, want never again and counts unknown", answer)
	}
}

func TestListIsSilentWhenStopped(t *testing.T) {
	_, err := list.Announce(context.Background(), swarm.Announcement{Event: swarm.Stopped}, func(p swarm.Address) {
		t.Errorf("found %v at Stopped", p)
	})
	if err != nil {
		t.Fatal(err)
	}
}
