// Package ours has Shoal's side of each measurement: the engine composed of the
// workspace's modules as examples/compose does it, and, for many torrents, package
// client. Each function is what one process does.
package ours
