package piecehash_test

import (
	"crypto/sha1"
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

// inSections hashes messages in sections. In each batch some messages wait.
func inSections(r *rand.Rand, whole [][]byte) [][20]byte {
	sums := make([][20]byte, len(whole))
	rest := make([][]byte, len(whole))
	states := make([]piecehash.State1, len(whole))
	var left []int
	for i := range whole {
		rest[i] = whole[i]
		left = append(left, i)
	}
	for len(left) > 0 {
		r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		now := left[:1+r.IntN(min(len(left), 20))]
		sections := make([]piecehash.Section1, len(now))
		runs := make([][][]byte, len(now))
		var again []int
		for n, i := range now {
			sections[n].State = states[i]
			size := 64 * r.IntN(40)
			if sections[n].More = size < len(rest[i]); !sections[n].More {
				size = len(rest[i])
			}
			for _, b := range cut(r, rest[i][:size], 700) {
				if len(b) > 0 { // which would end the section
					runs[n] = append(runs[n], b)
				}
			}
			rest[i] = rest[i][size:]
		}
		piecehash.Sum1Sections(sections, func(n int) []byte {
			if len(runs[n]) == 0 {
				return nil
			}
			b := runs[n][0]
			runs[n] = runs[n][1:]
			return b
		})
		for n, i := range now {
			if sections[n].More {
				states[i] = sections[n].State
				again = append(again, i)
			} else {
				sums[i] = sections[n].Sum
			}
		}
		left = append(again, left[len(now):]...)
	}
	return sums
}

func TestSectionsGiveTheHashOfTheMessage(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		for range 10 {
			var whole [][]byte
			for range 1 + r.IntN(40) {
				whole = append(whole, noise(r, r.IntN(9000)))
			}
			for _, n := range edges {
				whole = append(whole, noise(r, n))
			}
			sums := inSections(r, whole)
			for i, b := range whole {
				require.Equal(t, sha1.Sum(b), sums[i], "message of %d bytes", len(b))
			}
		}
	})
}

func TestSectionWithAPartialBlockPanics(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, count := range []int{1, 16} {
			runs := make([][]byte, count)
			for i := range runs {
				runs[i] = make([]byte, 65)
			}
			require.Panics(t, func() {
				sections := make([]piecehash.Section1, count)
				for i := range sections {
					sections[i].More = true
				}
				piecehash.Sum1Sections(sections, func(i int) []byte {
					b := runs[i]
					runs[i] = nil
					return b
				})
			})
		}
	})
}

func TestSectionsDoNotAllocate(t *testing.T) {
	if race {
		t.Skip("the race detector drops what pools hold")
	}
	block, sections, given := make([]byte, 1<<14), make([]piecehash.Section1, 5), make([]bool, 5)
	next := func(i int) []byte {
		if given[i] = !given[i]; given[i] {
			return block
		}
		return nil
	}
	require.Zero(t, testing.AllocsPerRun(20, func() {
		for _, n := range []int{1, 5} {
			for i := range sections[:n] {
				sections[i].More = !sections[i].More
			}
			piecehash.Sum1Sections(sections[:n], next)
		}
	}))
}
