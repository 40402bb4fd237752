// Package content makes what the measurements are made on: a file of random bytes
// with several torrents of it, and many small torrents whose files are all hole.
package content
