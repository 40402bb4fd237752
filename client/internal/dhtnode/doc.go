// Package dhtnode runs the node of the DHT that the torrents of a client share.
//
// In come announces, names of nodes, the addresses at which the client accepts peers, and the
// file in which the former run has saved its ids and nodes; out go peers, events and figures. A
// [Source] owns the node and its sockets, from the first announce on, until Suspend or Close.
// Not here: which torrents are announced, and when. Private ones must not be.
package dhtnode
