package httptracker_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

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

// A tracker asks for a token, which no other tracker gets.
func ExampleConfig() {
	tokens := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens <- r.URL.Query().Get("token")
		fmt.Fprint(w, "d8:intervali1800e5:peers0:e")
	}))
	defer server.Close()

	_, err := httptracker.Announce(context.Background(), server.URL+"/announce", swarm.Announcement{Port: 6881}, httptracker.Config{
		Params: func(announceURL string, _ swarm.Announcement) url.Values {
			if announceURL != server.URL+"/announce" {
				return nil
			}
			return url.Values{"token": {"let me in"}}
		},
	})
	fmt.Println(<-tokens, err)
	// Output: let me in <nil>
}

func ExampleRedact() {
	fmt.Println(httptracker.Redact("https://tracker.example/0123456789abcdef0123456789abcdef/announce"))
	// Output: https://tracker.example/***/announce
}
