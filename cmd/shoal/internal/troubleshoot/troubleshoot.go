// Package troubleshoot knows what a user can do about the errors of Shoal's modules.
//
// An error and the command that met it come in, sentences go out. It has no state.
package troubleshoot

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"syscall"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/udptracker"
)

// A Command is one of the program's.
type Command struct {
	Name  string
	Flags map[string]bool // that it has, such as --dir; nil for all

	IsTemporary bool // it downloads to a temporary folder
}

// Advice says what a user can do about an error; empty if nothing is known to help. It
// names only flags that the command has.
func (c Command) Advice(err error) string {
	if text := advice.Of(err); text != "" {
		return text
	}
	if text := c.dhtAdvice(err); text != "" {
		return text
	}
	if text := c.networkAdvice(err); text != "" {
		return text
	}
	var size *diskstore.SizeError
	var store *client.StoreError
	var invalid *metainfo.InvalidError
	var file *diskstore.Error
	otherFolder := "choose another folder with --dir"
	if c.IsTemporary {
		otherFolder = "leave --temporary out, or name another folder for temporary files in the environment variable TMPDIR"
	}
	switch {
	case errors.Is(err, client.ErrPieceLayers):
		return "Ask for the .torrent file, or its address on the web."
	case errors.As(err, new(*client.MetadataError)):
		return "Only its maker can repair the torrent. Ask for another link."
	case errors.As(err, new(*diskstore.CrossDeviceError)):
		return c.choose("choose a folder on the same disk with --incomplete-dir", "leave --incomplete-dir out")
	case errors.Is(err, client.ErrModified):
		return "Do not write to files while Shoal uses them. Run the same command again" + c.ifGet(": it checks them and fetches what is wrong") + "."
	case errors.As(err, &store) && store.Op != "open" && errors.As(err, &size):
		// A file of another size counts as made by another program from now on.
		return "Do not write to files while Shoal uses them. " + c.choose("run the same command again with --overwrite: it checks them and fetches what is wrong")
	case errors.As(err, &size), errors.Is(err, diskstore.ErrForeign):
		return "Shoal did not make that file, or it was changed since. " + c.choose("move it away", otherFolder, "allow Shoal to overwrite it with --overwrite")
	case errors.As(err, &invalid):
		return "This is not a .torrent file, or it is damaged. Get it again."
	case errors.Is(err, client.ErrState):
		return c.choose(otherFolder, "another one for what Shoal remembers with --state")
	case errors.Is(err, client.ErrDuplicate):
		return "The same torrent was named twice. Name it once."
	case errors.Is(err, client.ErrInUse):
		return c.choose("stop that client", "wait until it has ended", otherFolder)
	case errors.Is(err, target.ErrNoRoom):
		return c.choose("free some space", otherFolder)
	case isFull(err):
		return "The disk is full. Free some space and run the same command again" + c.ifGet(": it continues where it stopped") + "."
	case errors.Is(err, syscall.ENOTDIR):
		return "A part of that path is a file. " + c.choose("move it away", otherFolder)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "This file system cannot store so long a name. " + c.choose(otherFolder)
	case errors.Is(err, syscall.EROFS):
		return "The file system is read-only. " + c.choose(otherFolder)
	case errors.Is(err, fs.ErrPermission):
		return c.choose("check the owner and the permissions", otherFolder)
	case errors.As(err, &file) && errors.Is(err, fs.ErrNotExist):
		return "A file or folder has disappeared, or cannot be created. " + c.choose("check the folder", otherFolder)
	case errors.Is(err, fs.ErrNotExist):
		return "Check the path."
	}
	return ""
}

// dhtAdvice is advice on errors of the DHT.
func (c Command) dhtAdvice(err error) string {
	var lonely *dht.NoNodesError
	switch {
	case errors.Is(err, dht.ErrNotFound):
		return "Nothing is published under the key of the link. Check that you copied the whole link. Nodes forget what is published after two hours, so its owner may have stopped."
	case errors.Is(err, dht.ErrNoTorrent):
		return "What is published under the key of the link names no torrent. Ask who gave you the link."
	case errors.As(err, &lonely) && lonely.Asked == 0 && lonely.Err == nil:
		return c.choose("leave --bootstrap off out, or name a node of the DHT with --bootstrap HOST:PORT")
	case errors.Is(err, dht.ErrNoNodes):
		return "Check that this machine is online and that nothing blocks UDP. " + c.choose("name a node of the DHT with --bootstrap HOST:PORT")
	case errors.As(err, new(*client.DHTPortError)):
		return "Others find this machine all the same. " + c.choose("stop the program that has that port", "choose another one with --listen")
	case errors.As(err, new(*client.DHTSaveError)) && !isFull(err):
		return "The next start begins with what was saved before. " + c.choose("check the folder of what Shoal remembers", "choose another one with --state")
	}
	return ""
}

// isFull reports whether an error says that a disk is full.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// networkAdvice is advice on errors of addresses and connections.
func (c Command) networkAdvice(err error) string {
	var status *client.StatusError
	var timeout *udptracker.TimeoutError
	var dns *net.DNSError
	var network *net.OpError
	switch {
	case errors.As(err, &timeout):
		return "Check the address and the port. A firewall or a VPN may also block UDP; then use a tracker with http or https."
	case errors.Is(err, httptracker.ErrNoScrape):
		return "Ask another tracker, or download the torrent to see its peers."
	case errors.As(err, new(*httptracker.StatusError)):
		return "Check the announce URL, or ask another tracker."
	case errors.As(err, &status):
		return "Check the address, or save the .torrent file with a browser in which you are logged in."
	case errors.As(err, &dns): // also of a peer's name
		return "Check the name, and that this machine is online."
	case errors.Is(err, client.ErrAddress):
		return "Give a peer as host:port, such as 192.0.2.7:6881 or [2001:db8::7]:6881."
	case errors.As(err, &network) && network.Op == "listen":
		return c.choose("choose another address with --listen, where :0 picks a free port")
	case errors.As(err, &network):
		return "Check the address, and that this machine is online."
	case errors.Is(err, context.DeadlineExceeded):
		return "The other side did not answer in time. Try again later."
	}
	return ""
}

// ifGet returns text if the command is one that continues what it began.
func (c Command) ifGet(text string) string {
	if c.Name == "get" {
		return text
	}
	return ""
}

// choose joins alternatives to a sentence. Those that name a flag which the command does
// not have are left out.
func (c Command) choose(alternatives ...string) string {
	return advice.Choose(c.Flags, alternatives...)
}
