// Package settings is what a State starts from, and what tunes it.
//
// In comes what a user sets, with zero for what is left open; [Config.Or] fills that in
// from other settings, such as [Default]. A [Setup] is one torrent, with the parts that are
// given to its State. Package protocol re-exports all of it. A Config is a value: it must not
// change once a State has it.
package settings
