// Package rival runs foreign clients as processes that are measured like Shoal's, with
// discovery, encryption and uTP off: libtorrent through its Python binding, Transmission
// and aria2 as the programs that they are. Debian has all three.
package rival
