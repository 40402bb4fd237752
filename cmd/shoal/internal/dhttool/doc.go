// Package dhttool has the commands of "shoal dht", which ask the Mainline DHT and store items
// in it.
//
// In come flags and arguments, the answers of nodes, and files with keys. Out go datagrams,
// and lines for people or objects for programs, through the [Program] that the commands are
// part of. Each command opens a node of its own, which asks and answers nobody (BEP 43), and
// closes it at the end; nothing is kept but the files of keys that the user asked for. What
// nodes send is bounded by module dht, and escaped here before people see it.
//
// Not here: which torrent a name stands for, and the DHT of torrents that run.
package dhttool
