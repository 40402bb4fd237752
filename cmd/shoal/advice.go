package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"syscall"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
)

// An advised error comes with what to do about it.
type advised struct {
	error
	advice string
}

func (e advised) Unwrap() error { return e.error }

// advice says what a user can do about an error; empty if nothing is known to help.
func advice(err error) string {
	var own advised
	if errors.As(err, &own) {
		return own.advice
	}
	var size *diskstore.SizeError
	var store *client.StoreError
	var invalid *metainfo.InvalidError
	var status *client.StatusError
	var dns *net.DNSError
	var network *net.OpError
	var file *diskstore.Error
	switch {
	case errors.Is(err, client.ErrMagnet):
		return "Ask for the .torrent file, or its address on the web."
	case errors.Is(err, client.ErrModified), errors.As(err, &store) && store.Op != "open" && errors.As(err, &size):
		return "Do not write to files while they are downloaded. Run the same command again:\nit checks them and fetches what is wrong."
	case errors.As(err, &size), errors.Is(err, diskstore.ErrForeign):
		return "Shoal did not make that file, or it was changed since. Move it away, choose another folder with --dir,\nor allow Shoal to overwrite it with --overwrite."
	case errors.As(err, &invalid):
		return "This is not a .torrent file, or it is damaged. Get it again."
	case errors.As(err, &status):
		return "Check the address, or save the .torrent file with a browser in which you are logged in."
	case errors.Is(err, client.ErrDuplicate):
		return "The same torrent was named twice. Name it once."
	case errors.Is(err, client.ErrInUse):
		return "Another shoal is using it. Stop that one, wait until it has ended, or\nchoose another folder with --dir."
	case errors.Is(err, client.ErrAddress):
		return "Give a peer as host:port, such as 192.0.2.7:6881 or [2001:db8::7]:6881."
	case errors.As(err, &dns):
		return "Check the name, and that this machine is online."
	case errors.As(err, &network) && network.Op == "listen":
		return "Choose another address with --listen; :0 picks a free port."
	case errors.As(err, &network):
		return "Check the address, and that this machine is online."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "The disk is full. Free some space and run the same command again:\nit continues where it stopped."
	case errors.Is(err, syscall.ENOTDIR):
		return "A part of that path is a file. Choose another folder with --dir."
	case errors.Is(err, syscall.EROFS):
		return "The file system is read-only. Choose another folder with --dir."
	case errors.Is(err, fs.ErrPermission):
		return "Check who owns the file or folder, or choose another folder with --dir."
	case errors.Is(err, context.DeadlineExceeded):
		return "The other side did not answer in time. Try again later."
	case errors.As(err, &file) && errors.Is(err, fs.ErrNotExist):
		return "A file or folder has disappeared, or cannot be created.\nCheck the folder, or choose another with --dir."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the path."
	}
	return ""
}
