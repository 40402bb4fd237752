//go:build !unix

package diskstore

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
