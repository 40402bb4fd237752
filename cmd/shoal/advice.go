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
	var invalid *metainfo.InvalidError
	var status *client.StatusError
	var dns *net.DNSError
	var network *net.OpError
	var file *diskstore.Error
	switch {
	case errors.Is(err, client.ErrMagnet):
		return "Ask for the .torrent file, or its address on the web."
	case errors.As(err, &size), errors.Is(err, diskstore.ErrForeign):
		return "Another program made that file. Move it away, choose another folder with --dir, or let it be\noverwritten with --overwrite."
	case errors.As(err, &invalid):
		return "This is no .torrent file, or a damaged one: get it again."
	case errors.As(err, &status):
		return "Check the address, or log in with a browser and save the .torrent file from there."
	case errors.Is(err, client.ErrDuplicate):
		return "The torrent was named twice."
	case errors.Is(err, client.ErrInUse):
		return "Another shoal is at work on it, or just ending: stop that one or wait for it, or choose another folder."
	case errors.Is(err, client.ErrAddress):
		return "A peer is given as host:port, such as 192.0.2.7:6881 or [2001:db8::7]:6881."
	case errors.As(err, &dns):
		return "Check the name, and that this machine is online."
	case errors.As(err, &network) && network.Op == "listen":
		return "Choose another address with --listen, or :0 for any port that is free."
	case errors.As(err, &network):
		return "Check the address, and that this machine is online."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "The disk is full. Make room and run the same command again: it goes on where it stopped."
	case errors.Is(err, syscall.EROFS):
		return "Nothing can be written there. Choose another folder with --dir."
	case errors.Is(err, fs.ErrPermission):
		return "Check who owns the file or folder, or choose another folder with --dir."
	case errors.Is(err, context.DeadlineExceeded):
		return "Try again; the other side may be busy."
	case errors.As(err, &file) && errors.Is(err, fs.ErrNotExist):
		return "Something is gone that was there, or cannot be made. Check the folder, or choose another with --dir."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the path."
	}
	return ""
}
