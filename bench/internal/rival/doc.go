// Package rival runs libtorrent, through its Python binding as Debian packages it
// (python3-libtorrent), as the same processes that Shoal is measured as.
package rival
