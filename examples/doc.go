// Package examples holds small programs that each show one way to use Shoal.
// README.md lists them with what they print.
package examples
