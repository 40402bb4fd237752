package httptracker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
)

func Example() {
	// A fake tracker that knows one peer.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "d8:completei1e10:incompletei0e8:intervali1800e5:peers6:\x60\x7e\x68\xdb\x1a\xe9e")
	}))
	defer server.Close()

	tracker, err := httptracker.New(server.URL+"/announce", httptracker.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := tracker.Announce(context.Background(), swarm.Announcement{
		Swarm: swarm.ID{1, 2, 3},
		Peer:  swarm.PeerID([]byte("-SH0100-123456789012")),
		Port:  6881,
		Event: swarm.Started,
		Want:  50,
		Left:  1 << 20,
	}, func(p swarm.Address) { fmt.Println("peer", p) })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("again in", answer.Next, "- seeds:", answer.Seeds)
	// Output:
	// peer 96.126.104.219:6889
	// again in 30m0s - seeds: 1
}

func ExampleRedact() {
	fmt.Println(httptracker.Redact("https://tracker.example/0123456789abcdef0123456789abcdef/announce"))
	// Output: https://tracker.example/***/announce
}
