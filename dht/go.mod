module github.com/shoal-bt/shoal/dht

go 1.26.0

require (
	github.com/shoal-bt/shoal/bencode v0.1.0
	github.com/shoal-bt/shoal/swarm v0.1.0
	github.com/stretchr/testify v1.12.1
)
