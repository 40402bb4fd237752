// Package disk calls the Storages of torrents, a few calls of each at a time, so that
// a slow disk delays only its own torrent.
package disk
