// Package iovec cuts lists of buffers for vectored I/O.
//
// A piece of a torrent arrives as blocks and ends up in one or more files, by
// system calls that take a bounded number of buffers and may stop half way. A
// [Vecs] is given the list once and then yields, for each call, a list bounded in
// bytes and in buffers. It copies no payload and changes no caller's slice.
package iovec
