// Package house checks the workspace against its own plan. It consists of tests
// and is not published.
//
// What comes in is the tree: the Go files, the go.mod files, the documents, and
// the tables of floors and rooms in ARCHITECTURE.md. What goes out are failures
// that name the file, what is allowed, and the section of a document in which the rule
// stands (sections_test.go). Each check is in the file that it is named after:
//
//	check                                             file
//	imports against the table of floors               plan_test.go, imports_test.go
//	imports between the packages of one module        rooms_test.go
//	protocol only computes                            purity_test.go, globals_test.go
//	what a program compiles along with a module       closure_test.go
//	siblings are required at their next version       versions_test.go
//	lines of files, functions, packages and modules   budgets_test.go, codebudgets_test.go
//	documents that each module has                    documents_test.go
//	tables in package comments that locate a rule     rules_test.go
//	comments on exported names                        comments_test.go
//	the tables of README.md and BEPS.md               readme_test.go
//	the table of other libraries' names               comingfrom_test.go
//	unfinished work, and paths of one machine         words_test.go
//	phrases that make prose hard to read              prose_test.go
//	the steps of CI, and documents that name them     ci_test.go
//
// Each check is a function from a tree to complaints. Its own test shows that it
// complains: it runs the check on a small tree that breaks the rule.
//
// The checks read the workspace through the symbolic link testdata/tree, because
// the go command then sees which files a result depends on and does not serve an
// old result from its cache.
package house
