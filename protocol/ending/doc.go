// Package ending says why connections end or are refused, and what follows for the peer's
// address.
//
// In comes the error that ended a connection: one of the reasons below, a broken rule, or
// what a socket said. Out come the [report.End] that users see and the
// [addressbook.Outcome] that decides when the address is dialed again. All values are
// constant.
package ending
