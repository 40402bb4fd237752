package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A module is one module of the workspace that is published.
type module struct {
	path    string
	dir     string
	version string   // its next tag
	needs   []string // paths that its go.mod requires
}

// workspace returns the published modules of the workspace. Each comes after
// those that it requires.
func workspace() ([]module, error) {
	out, err := run("", "go", "list", "-m", "-json=Path,Dir")
	if err != nil {
		return nil, err
	}
	var modules []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if strings.Contains(m.Path, "/internal/") || strings.HasSuffix(m.Path, "/e2e") || strings.HasSuffix(m.Path, "/bench") {
			continue
		}
		version, err := nextVersion(filepath.Join(m.Dir, "CHANGELOG.md"))
		if err != nil {
			return nil, err
		}
		needs, err := requires(m.Dir)
		if err != nil {
			return nil, err
		}
		modules = append(modules, module{m.Path, m.Dir, version, needs})
	}
	return sorted(modules)
}

// heading matches the first version of a changelog.
var heading = regexp.MustCompile(`(?m)^## (v\d+\.\d+\.\d+)\b`)

// nextVersion returns the version that a changelog names first.
func nextVersion(changelog string) (string, error) {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return "", err
	}
	m := heading.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s names no version", changelog)
	}
	return string(m[1]), nil
}

// requires returns the module paths that the go.mod in dir requires.
func requires(dir string) ([]string, error) {
	out, err := run(dir, "go", "mod", "edit", "-json")
	if err != nil {
		return nil, err
	}
	var file struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &file); err != nil {
		return nil, err
	}
	var paths []string
	for _, r := range file.Require {
		paths = append(paths, r.Path)
	}
	return paths, nil
}

// sorted returns the modules in an order in which each comes after those that it
// needs.
func sorted(modules []module) ([]module, error) {
	var order []module
	for len(order) < len(modules) {
		before := len(order)
		for _, m := range modules {
			waits := func(o module) bool { return slices.Contains(m.needs, o.path) && !hasPath(order, o.path) }
			if !hasPath(order, m.path) && !slices.ContainsFunc(modules, waits) {
				order = append(order, m)
			}
		}
		if len(order) == before {
			return nil, errors.New("modules require each other in a circle")
		}
	}
	return order, nil
}

// hasPath reports whether one of the modules has that path.
func hasPath(modules []module, path string) bool {
	return slices.ContainsFunc(modules, func(m module) bool { return m.path == path })
}

// run runs a command in dir and returns what it printed.
func run(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", cmd, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
