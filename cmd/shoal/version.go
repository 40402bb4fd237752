package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// version is that of the newest section in CHANGELOG.md.
const version = "0.1.0"

// versionText is what --version prints: the version, the commit if the program was
// built in a repository, and what it was built with.
func versionText() string {
	details := []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		commit, changed := "", ""
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", changed"
			}
		}
		if commit != "" {
			details = append([]string{"commit " + commit + changed}, details...)
		}
	}
	return fmt.Sprintf("shoal %s (%s)", version, strings.Join(details, ", "))
}
