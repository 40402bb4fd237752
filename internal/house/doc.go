// Package house checks the workspace against its own plan. It is tests only, and
// is not published.
//
// What comes in is the tree: the Go files, the go.mod files, the documents and
// the table of floors in ARCHITECTURE.md. What goes out are failures that name
// the file and the rule: imports that go up or sideways, siblings without a
// version, files and functions over their budget, modules without documents,
// exported names without comments, and rows of README's table of BEPs whose test
// does not exist.
//
// The checks read the tree through the symbolic link testdata/tree, so that the
// go command sees which files a result depends on and does not serve an old one
// from its cache.
package house
