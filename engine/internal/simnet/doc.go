// Package simnet is a network in memory, for tests of the engine.
//
// A [Network] has hosts; each has an address, a link with delay and rates, can
// listen and dial, and can vanish. Connections are net.Conns with buffers of
// bounded size and deadlines. Time is that of package time, so that in a synctest
// bubble it costs nothing, and no goroutine belongs to the network.
package simnet
