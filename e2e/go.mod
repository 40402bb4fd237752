module github.com/shoal-bt/shoal/e2e

go 1.26.0

require (
	github.com/shoal-bt/shoal/client v0.1.0
	github.com/shoal-bt/shoal/connect v0.1.0
	github.com/shoal-bt/shoal/diskstore v0.1.0
	github.com/shoal-bt/shoal/engine v0.1.0
	github.com/shoal-bt/shoal/handshake v0.1.0
	github.com/shoal-bt/shoal/httptracker v0.1.0
	github.com/shoal-bt/shoal/metainfo v0.1.0
	github.com/shoal-bt/shoal/peerwire v0.1.0
	github.com/shoal-bt/shoal/pex v0.1.0
	github.com/shoal-bt/shoal/piecepicker v0.1.0
	github.com/shoal-bt/shoal/swarm v0.1.0
	github.com/shoal-bt/shoal/trackerserver v0.1.0
	github.com/shoal-bt/shoal/udptracker v0.1.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require github.com/shoal-bt/shoal/lsd v0.1.0

require (
	github.com/bits-and-blooms/bitset v1.29.0 // indirect
	github.com/jackpal/bencode-go v1.2.0 // indirect
	github.com/shoal-bt/shoal/bencode v0.1.0
	github.com/shoal-bt/shoal/dht v0.1.0
	github.com/shoal-bt/shoal/magnet v0.1.0 // indirect
	github.com/shoal-bt/shoal/mse v0.1.0
	github.com/shoal-bt/shoal/piecehash v0.1.0 // indirect
	github.com/shoal-bt/shoal/protocol v0.1.0 // indirect
	github.com/shoal-bt/shoal/resume v0.1.0 // indirect
	github.com/shoal-bt/shoal/udpmux v0.1.0
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.44.0 // indirect
)
