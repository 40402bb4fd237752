// Package disk calls the Storages of torrents, a few calls of each at a time, so that
// a slow disk is the trouble of its own torrent only.
package disk
