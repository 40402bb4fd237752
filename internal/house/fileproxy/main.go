// Command fileproxy packs the modules of this workspace as a module proxy in a
// folder, for the go command's GOPROXY=file://FOLDER. Each module has there the
// version that its CHANGELOG.md names first, and the files that git tracks, as
// the working tree has them.
//
// It prints a line for each module, lower floors first: its path, its version
// and its zip file. The unpublished modules, bench, e2e and those under internal,
// are left out.
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
