// Package manager keeps connections to many peers, for programs that have no engine
// and do not want to write the goroutines themselves.
//
// Connections on which both sides have sent their handshake come in through
// [Manager.Add], and belong to the Manager from then on. What the peers send comes
// out of [Manager.Receive], one [Event] at a time; [Manager.Send] queues messages. The
// Manager sends keep-alives, and closes a connection whose peer is silent or breaks
// the protocol. Who may say what and when is the caller's business.
//
// Call [New], then [Manager.Add] for each connection; call Receive in a loop and Send
// as needed; [Manager.Remove] ends one connection, [Manager.Close] all of them.
//
// # Concurrency
//
// All methods may be called by many goroutines at once. Each peer has two goroutines.
//
// # Errors
//
// A lost peer is reported once, by an Event whose Err is a [*PeerError].
package manager
