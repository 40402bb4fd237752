package handlertest

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/shoal-bt/shoal/trackerserver"
)

// equal ends the test if two values differ. about says what they are.
func (k *tracker) equal(want, got any, about ...any) {
	k.Helper()
	if !reflect.DeepEqual(want, got) {
		k.Fatalf("got %+v, want %+v: %s", got, want, fmt.Sprint(about...))
	}
}

// named ends the test if the addresses are not those that are wanted, in any order.
func (k *tracker) named(want, got []string, about ...any) {
	k.Helper()
	want, got = slices.Clone(want), slices.Clone(got)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		k.Fatalf("got %v, want %v: %s", got, want, fmt.Sprint(about...))
	}
}

// contains ends the test if an address is missing.
func (k *tracker) contains(all []string, addr string) {
	k.Helper()
	if !slices.Contains(all, addr) {
		k.Fatalf("%s is not among %v", addr, all)
	}
}

// counts ends the test if a scrape of one swarm has other numbers.
func (k *tracker) counts(torrent int, want trackerserver.Counts) {
	k.Helper()
	k.equal(want, k.scrape(torrent), "counts of swarm ", torrent)
}

// succeeds ends the test if there is an error.
func (k *tracker) succeeds(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}
