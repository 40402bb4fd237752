package swarm_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestStored(t *testing.T) {
	pads := []swarm.Span{{Offset: 10, Length: 5}, {Offset: 20, Length: 1}, {Offset: 30, Length: 100}}
	for _, test := range []struct{ in, want string }{
		{"0-10", "0-10"},
		{"0-12", "0-10"},
		{"10-15", ""},
		{"12-13", ""},
		{"9-16", "9-10 15-16"},
		{"15-20", "15-20"},
		{"0-200", "0-10 15-20 21-30 130-200"},
		{"16-40", "16-20 21-30"},
		{"130-131", "130-131"},
		{"5-5", ""},
		{"12-12", ""},
	} {
		var from, to int64
		fmt.Sscanf(test.in, "%d-%d", &from, &to)
		got := ""
		for s := range swarm.Stored(pads, swarm.Span{Offset: from, Length: to - from}) {
			got += fmt.Sprintf(" %d-%d", s.Offset, s.End())
		}
		if want := test.want; got != "" && got[1:] != want || got == "" && want != "" {
			t.Errorf("of %s are stored%s, want %s", test.in, got, want)
		}
	}
	all := swarm.Span{Offset: 3, Length: 4}
	if got := slices.Collect(swarm.Stored(nil, all)); !slices.Equal(got, []swarm.Span{all}) {
		t.Errorf("without pads: %v", got)
	}
	for range swarm.Stored(pads, swarm.Span{Length: 200}) {
		break // and it must not go on
	}
}

// A reader and writer of a store that keeps no pads.
func ExampleStored() {
	pads := []swarm.Span{{Offset: 4, Length: 3}}
	content := []byte("......................")
	write := func(p []byte, off int64) {
		for s := range swarm.Stored(pads, swarm.Span{Offset: off, Length: int64(len(p))}) {
			copy(content[s.Offset:s.End()], p[s.Offset-off:])
		}
	}
	write([]byte("abcdefgh"), 1)
	fmt.Println(string(content))
	// Output: .abc...gh.............
}
