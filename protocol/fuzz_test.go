package protocol

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// FuzzState feeds random events to a state. After each of them no unit of memory
// may be lost and no rule of requests broken (world.check, world.mayRequest); and
// whatever happened, an honest seed must be able to complete the torrent.
func FuzzState(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		seed := make([]byte, 600)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &chaos{data: data[:min(len(data), 3000)], store: make(map[swarm.Block][]byte)}
		text := []string{"piece", "4b", "length", "500000", "extensions", "a,b"}
		if c.byte()&1 != 0 {
			text = append(text, "pad", "3b+1b", "pad", "100000+50000")
		}
		if c.byte()&1 != 0 {
			text = append(text, "memory", "12")
		}
		if c.byte()&3 == 3 {
			text = append(text, "priorities", "04700444", "deadline", "0", "sequential", "yes")
		}
		if c.byte()&1 != 0 {
			text = append(text, "spilled", "0:0,1/2:1/3:0,1,2,3")
		}
		if n := c.byte() % 4; n != 0 {
			text = append(text, "sections", string('0'+rune(n)))
		}
		isUploadOnly := c.byte()%8 == 0
		if isUploadOnly {
			text = append(text, "upload-only", "yes", "have", "11001101")
		}
		if !isUploadOnly && c.byte()&3 == 3 { // with allowed fast pieces, and perhaps complete and super-seeding
			text = []string{"piece", "1b", "length", "40b", "memory", "24"}
			if c.byte()&1 != 0 {
				text = append(text, "have", strings.Repeat("1", 40), "super", "yes")
			}
		}
		c.world = newWorld(t, text)
		c.place = "fuzz"
		c.happen(Start{})
		for len(c.data) > 0 {
			c.step()
			c.check()
		}
		if !isUploadOnly {
			c.complete()
		}
		c.finish()
	})
}

// TestRandomEvents is FuzzState on more bytes than a fuzzer would try at first.
func TestRandomEvents(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 12 {
		text := []string{"piece", "4b", "length", "500000", "memory", "16", "extensions", "a,b"}
		if n%2 == 0 {
			text = []string{"piece", "9b", "length", "900000", "memory", "24", "sections", "2"}
		}
		c := &chaos{world: newWorld(t, text), store: make(map[swarm.Block][]byte)}
		c.data = make([]byte, 3000)
		for i := range c.data {
			c.data[i] = byte(r.Uint32())
		}
		c.happen(Start{})
		for len(c.data) > 0 {
			c.step()
			c.check()
		}
		c.complete()
		c.finish()
	}
}
