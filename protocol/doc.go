// Package protocol is the protocol of one torrent as a value.
package protocol
