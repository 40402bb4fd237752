// Package announce is the load that trackers are measured by: many peers that announce to
// many swarms, over UDP or HTTP, as fast as the tracker answers.
//
// The address of a tracker and the numbers of peers and swarms come in; the number of
// answers goes out. It speaks BEP 15 and HTTP by hand, so that it owes nothing to the modules
// that it measures. The peers have addresses of 127.0.0.0/8.
package announce
