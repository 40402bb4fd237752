package bencode_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/bencode"
)

func Example() {
	reply := []byte("d8:completei12e8:intervali1800e5:peers6:\x60\x7e\x68\xdb\x1a\xe9e")
	v, err := bencode.Scan(reply, bencode.Options{Lenient: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	interval, err := v.GetInt("interval")
	fmt.Println(interval, err)
	peers, err := v.GetBytes("peers")
	fmt.Printf("%x %v\n", peers, err)
	_, err = v.GetText("tracker id")
	fmt.Println(err, bencode.IsMissing(err))
	// Output:
	// 1800 <nil>
	// 607e68db1ae9 <nil>
	// bencode: key "tracker id" is missing true
}

func ExampleMarshal() {
	type file struct {
		Length int64    `bencode:"length"`
		Path   []string `bencode:"path"`
		Source string   `bencode:"source,omitempty"`
	}
	b, err := bencode.Marshal(file{Length: 3, Path: []string{"a", "b.txt"}})
	fmt.Printf("%s %v\n", b, err)
	var f file
	err = bencode.Unmarshal(b, &f)
	fmt.Println(f.Length, f.Path, err)
	// Output:
	// d6:lengthi3e4:pathl1:a5:b.txtee <nil>
	// 3 [a b.txt] <nil>
}

func ExampleNode() {
	file, err := bencode.Scan([]byte("d8:announce3:old4:infod4:name1:xee"), bencode.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	n := bencode.NewNode(file)
	if err := n.Set("announce", bencode.NewText("new")); err != nil {
		fmt.Println(err)
		return
	}
	out, err := n.Encode()
	fmt.Printf("%s %v\n", out, err)
	// Output:
	// d8:announce3:new4:infod4:name1:xee <nil>
}

func ExampleAppendDict() {
	b := bencode.AppendDict(nil)
	b = bencode.AppendString(b, "msg_type")
	b = bencode.AppendInt(b, 0)
	b = bencode.AppendString(b, "piece")
	b = bencode.AppendInt(b, 7)
	b = bencode.AppendEnd(b)
	fmt.Printf("%s\n", b)
	// Output:
	// d8:msg_typei0e5:piecei7ee
}
