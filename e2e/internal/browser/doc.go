// Package browser drives Chromium for the tests of e2e.
//
// In come an address to open, JavaScript to evaluate and elements to click; out go values,
// screenshots, and what a page said: its console, its errors and its dialogs. The package owns the
// process of the browser and the two pipes to it. There is no port and no web socket, because
// --remote-debugging-pipe reads commands from descriptor 3 and answers on descriptor 4, each
// message as JSON that ends in a NUL: https://chromedevtools.github.io/devtools-protocol/
//
// The browser starts with an empty profile, finds no hosts but those of Options.Hosts, and has all
// that it does by itself turned off: updates, discovery, reports. To be sure, start it in a network
// namespace that leads nowhere, with Options.Command.
//
// # Concurrency
//
// All methods may be called concurrently. Each call waits until its context is done at the latest.
package browser
