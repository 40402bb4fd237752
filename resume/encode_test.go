package resume

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// large is the record of 100,000 pieces in 1,000 files.
func large() Record {
	r := Record{Swarms: []swarm.ID{{1}}, Length: 100_000 << 20, PieceLength: 1 << 20, Pieces: swarm.NewBitfield(100_000)}
	r.Pieces.SetAll(100_000)
	for i := range 1000 {
		name := fmt.Sprintf("folder/file %04d", i)
		r.Files = append(r.Files, File{Path: name, Length: 100 << 20, Size: 100 << 20, ModTime: time.Unix(1700000000, 1)})
		r.Owned = append(r.Owned, name)
	}
	return r
}

// A new version of this program must read what this one wrote. If these bytes change,
// consider incrementing version.
func TestEncodeIsStable(t *testing.T) {
	r := Record{
		Swarms: []swarm.ID{{'a', 19: 'z'}}, Length: 9, PieceLength: 5, State: Clean,
		Pieces:  swarm.Bitfield{0x40},
		Spilled: []Spill{{0, []int{0}}},
		Files:   []File{{"x", 9, 9, time.Unix(5, 6)}, {"y", 0, Absent, time.Time{}}},
		Owned:   []string{"x"},
		Totals:  Totals{Uploaded: 1, Added: time.Unix(3, 0)},
	}
	require.Equal(t, "d5:filesld6:lengthi9e5:mtimeli5ei6ee4:path1:x4:sizei9eed6:lengthi0e4:path1:yee"+
		"6:lengthi9e4:lifed6:activei0e5:addedli3ei0ee10:downloadedi0e5:extrade6:folder0:5:peersle6:source0:8:uploadedi1e6:wastedi0ee"+
		"5:ownedl1:xe12:piece lengthi5e6:pieces1:\x407:spilledld6:blocks1:\x805:piecei0eee"+
		"5:state5:clean6:swarmsl20:a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ze7:versioni1ee",
		string(appendRecord(nil, r)))
}

func BenchmarkEncode(b *testing.B) {
	r := large()
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(encode(r))))
	}
}

func BenchmarkDecode(b *testing.B) {
	in := encode(large())
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := decode(in); err != nil {
			b.Fatal(err)
		}
	}
}
