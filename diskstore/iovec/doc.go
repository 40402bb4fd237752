// Package iovec cuts lists of buffers for vectored I/O.
//
// A piece of a torrent arrives as a list of blocks and is written to one or more
// files. The system calls for that take a bounded number of buffers and may stop
// halfway. A [Vecs] takes the whole list once and returns, for each call, a list that
// is bounded in bytes and in buffers. It copies no payload and never changes the
// caller's slices. It does no I/O.
package iovec
