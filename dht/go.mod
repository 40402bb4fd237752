module github.com/shoal-bt/shoal/dht

go 1.26.0

require (
	github.com/shoal-bt/shoal/bencode v0.1.0
	github.com/shoal-bt/shoal/swarm v0.1.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/jackpal/bencode-go v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
