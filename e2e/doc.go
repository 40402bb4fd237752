// Package e2e tests Shoal against clients that are not Shoal: libtorrent,
// Transmission and aria2, as Debian packages them.
//
// It has no code but tests, and a package that drives a browser. Each test starts the
// other client as a process of its own, moves real content over TCP between it and an
// engine that is composed here of the workspace's modules, and compares every byte. A
// browser plays what the program streams. Nothing leaves the machine:
// traffic is on loopback, or between this process and a network namespace that
// the tests make for clients that refuse to have peers on loopback.
//
// A client that is not installed, and namespaces without root, are skipped; with
// SHOAL_E2E=required in the environment they are failures. TestDHTNpm alone is skipped even
// then, unless SHOAL_NPM names the folder that it needs.
package e2e
