package stream_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-bt/shoal/stream"
)

func ExampleChoose() {
	files := []stream.File{
		{Path: "Film/Sample.mp4", Length: 20 << 20},
		{Path: "Film/Film.mkv", Length: 4 << 30},
		{Path: "Film/Extras.iso", Length: 8 << 30},
	}
	fmt.Println(files[stream.Choose(files)].Path)
	// Output: Film/Film.mkv
}

func TestChoose(t *testing.T) {
	assert.Equal(t, -1, stream.Choose(nil))
	assert.Equal(t, 1, stream.Choose([]stream.File{{Path: "a.txt", Length: 1}, {Path: "b.txt", Length: 2}}))
	assert.True(t, stream.Playable("a.MKV"))
	assert.False(t, stream.Playable("a.html"))
}
