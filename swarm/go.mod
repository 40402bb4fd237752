module github.com/shoal-bt/shoal/swarm

go 1.26.0
