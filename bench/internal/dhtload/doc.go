// Package dhtload is the rest of a DHT for one node that is measured: nodes on loopback that
// answer it, queries at a steady rate, and floods.
//
// The address of the node comes in; queries go to it, and its answers are counted. A Load
// owns its sockets, each with an address of its own, and closes them.
package dhtload
