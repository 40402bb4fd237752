package message_test

import (
	"fmt"

	"github.com/shoal-bt/shoal/lsd/message"
)

// A program that watches the local network reads who announces what.
func Example() {
	m, err := message.Parse([]byte("BT-SEARCH * HTTP/1.1\r\n" +
		"Host: 239.192.152.143:6771\r\n" +
		"Port: 51413\r\n" +
		"Infohash: 9e8ea8bacf40081a262ac4763c5dcf200effd93b\r\n" +
		"\r\n\r\n"))
	if err != nil {
		panic(err)
	}
	fmt.Println("at port", m.Port)
	for _, id := range m.Swarms {
		fmt.Println(id)
	}
	// Output:
	// at port 51413
	// 9e8ea8bacf40081a262ac4763c5dcf200effd93b
}
