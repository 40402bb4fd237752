// Command fileproxy packs the modules of this workspace as a module proxy in a
// folder, for the go command's GOPROXY=file://FOLDER. Each module gets the version
// that its CHANGELOG.md names first, and the files of the working tree that git
// tracks.
//
// It prints a line for each module, lower floors first: its path, its version
// and its zip file. It leaves out the modules that are not published: bench, e2e
// and those under internal.
//
//	fileproxy FOLDER
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: fileproxy FOLDER")
		os.Exit(2)
	}
	modules, err := workspace()
	for _, m := range modules {
		if err != nil {
			break
		}
		var zip string
		if zip, err = m.pack(os.Args[1]); err == nil {
			fmt.Println(m.path, m.version, zip)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fileproxy:", err)
		os.Exit(1)
	}
}
