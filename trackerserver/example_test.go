package trackerserver_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
)

func Example() {
	tracker := trackerserver.New(trackerserver.Config{
		Allow: func(id swarm.ID) bool { return id[0] == 'x' },
	})
	mux := http.NewServeMux()
	mux.Handle("/announce", tracker)
	mux.Handle("/scrape", tracker)
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, query := range []string{
		"/announce?info_hash=xxxxxxxxxxxxxxxxxxxx&peer_id=-XX0001-000000000001&port=6881&left=0",
		"/announce?info_hash=yyyyyyyyyyyyyyyyyyyy&peer_id=-XX0001-000000000001&port=6881&left=0",
		"/scrape?info_hash=xxxxxxxxxxxxxxxxxxxx",
	} {
		resp, err := http.Get(server.URL + query)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Printf("%q\n", body)
	}
	fmt.Println("peers:", tracker.Stats().Peers)
	// Output:
	// "d8:completei1e10:downloadedi0e11:external ip4:\x7f\x00\x00\x0110:incompletei0e8:intervali1800e12:min intervali60e5:peers0:e"
	// "d14:failure reason34:the torrent is not registered heree"
	// "d5:filesd20:xxxxxxxxxxxxxxxxxxxxd8:completei1e10:downloadedi0e11:downloadersi0e10:incompletei0eeee"
	// peers: 1
}

// A server answers the same swarms over HTTP and UDP. Here a client asks for a connection ID,
// as https://www.bittorrent.org/beps/bep_0015.html#connect describes.
func ExampleServer_ServeUDP() {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	tracker := trackerserver.New(trackerserver.Config{})
	served := make(chan error, 1)
	go func() { served <- tracker.ServeUDP(ctx, socket) }()

	client, err := net.Dial("udp", socket.LocalAddr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	io.WriteString(client, "\x00\x00\x04\x17\x27\x10\x19\x80"+"\x00\x00\x00\x00"+"mine")
	answer := make([]byte, 100)
	n, _ := client.Read(answer)
	fmt.Printf("%d bytes: %q, then the connection ID\n", n, answer[:8])
	stop()
	fmt.Println("ended:", <-served)
	fmt.Println("connects:", tracker.Stats().UDP.Connects)
	// Output:
	// 16 bytes: "\x00\x00\x00\x00mine", then the connection ID
	// ended: <nil>
	// connects: 1
}

// keyed accepts only peers that know the key, and leaves everything else to Memory.
type keyed struct {
	*trackerserver.Memory
	key string
}

func (k keyed) Announce(ctx context.Context, r *trackerserver.Request, reply *trackerserver.Reply) error {
	if r.Path != "/"+k.key+"/announce" {
		return &trackerserver.Refusal{Reason: "unknown key", RetryIn: -1}
	}
	return k.Memory.Announce(ctx, r, reply)
}

func ExampleHandler() {
	c := trackerserver.Config{}
	c.Handler = keyed{trackerserver.NewMemory(c), "open-sesame"}
	tracker := trackerserver.New(c)
	const query = "/announce?info_hash=xxxxxxxxxxxxxxxxxxxx&peer_id=-XX0001-000000000001&port=6881&left=0"
	for _, path := range []string{"", "/open-sesame"} {
		w := httptest.NewRecorder()
		tracker.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+query, nil))
		fmt.Println(w.Body.String()[:20])
	}
	fmt.Println("peers:", tracker.Stats().Peers)
	// Output:
	// d14:failure reason11
	// d8:completei1e10:dow
	// peers: 1
}
