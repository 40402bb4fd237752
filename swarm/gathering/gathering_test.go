package gathering_test

import (
	"net/netip"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/gathering"
)

func address(port int) swarm.Address {
	return swarm.Address{AddrPort: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(port))}
}

func check(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestBatches: what comes together is one batch, and the rest is left for the end.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan []swarm.Address, 10)
		b := gathering.New(func(all []swarm.Address) { got <- all })
		b.Add(address(1))
		time.Sleep(gathering.Delay / 2)
		b.Add(address(2))
		check(t, len(got), 0)
		time.Sleep(gathering.Delay)
		b.Add(address(3))
		time.Sleep(2 * gathering.Delay)
		b.Add(address(4))
		rest, count := b.End()
		b.Add(address(5))
		time.Sleep(2 * gathering.Delay)
		check(t, len(got), 2)
		check(t, <-got, []swarm.Address{address(1), address(2)})
		check(t, <-got, []swarm.Address{address(3)})
		check(t, rest, []swarm.Address{address(4)})
		check(t, count, 4)
	})
}

// TestBatchIsBounded takes no more than Max from one call.
func TestBatchIsBounded(t *testing.T) {
	b := gathering.New(nil)
	for i := range 3 * gathering.Max {
		b.Add(address(i))
	}
	rest, count := b.End()
	check(t, len(rest), gathering.Max)
	check(t, count, gathering.Max)
}
