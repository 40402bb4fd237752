// Package duplicates decides which of two connections to one peer stays.
//
// In come the connections that a torrent has and a new one, each as a [Conn]; out come
// whether they may have the same peer ([Conn.MayBe]) and which of the two stays
// ([Conn.Replaces]). Both sides decide at the same time, so the rule has the same outcome
// on each. A Conn is a value without state.
package duplicates
