// Package load has the partners of what is measured, and the floors that it is
// measured by: a seeder that only sends (Blast), a leecher that throws away (Sink),
// one that does the least that a leecher must (Floor), and connections on which
// nothing happens (Hold).
//
// They speak just enough of BEP 3 for this, by hand and with the standard library
// alone, so that they owe nothing to the modules that they are compared with.
// They serve one torrent whose length is a multiple of its piece length.
package load
