// Package client is the engine with everything plugged in: add a torrent, wait,
// and the files are there.
//
// In come torrents, as paths, URLs, bytes or parsed ones ([Client.Add]), and
// content to share ([Client.Seed]). The package wires metainfo, diskstore,
// piecepicker, httptracker, resume and engine with defaults, each of which
// [Config] can replace; whoever wants another composition uses package engine.
//
// It owns what is on disk: what it makes is listed as its own in a record before
// it is made, nothing else is ever overwritten or deleted, and after a restart or
// a crash a torrent goes on from what the record says and the files confirm.
//
// A torrent that is whole and that nobody downloads is at rest: what it takes to
// serve it lies in Config.State, and is loaded when somebody asks.
//
// [Torrent] shows and steers one torrent, [Client.Events] tells what happens, and
// [ErrorOf] what went wrong. Private torrents meet no peers but those of their
// trackers (BEP 27, https://www.bittorrent.org/beps/bep_0027.html), and those
// that a user names. Not here: fetching the metadata of magnet links.
package client
