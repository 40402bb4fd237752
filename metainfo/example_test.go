package metainfo_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/metainfo"
)

// A .torrent file is read, and its info hash and files are shown.
func ExampleParse() {
	file := "d8:announce19:http://tracker.test4:infod6:lengthi14e4:name9:hello.txt" +
		"12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
	t, err := metainfo.Parse([]byte(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(t.IDs()[0])
	for _, f := range t.Info.Entries {
		fmt.Println(f.Path, f.Length)
	}
	// Output:
	// dcc50edf3a9cd1a11cdacc9ee4aec1783978934d
	// hello.txt 14
}

func ExampleParseMagnet() {
	m, err := metainfo.ParseMagnet("magnet:?xt=urn:btih:c0fda1edafdbdbb96443424e0b3899af7159d10e&dn=temp&so=0,2-4")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.IDs()[0], m.Name, m.Selects(3), m.Selects(1))
	// Output: c0fda1edafdbdbb96443424e0b3899af7159d10e temp true false
}
