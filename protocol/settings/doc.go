// Package settings is what tunes a torrent.
//
// In comes what a user sets, with zero for what is left open; [Config.Or] fills that in
// from other settings, such as [Default]. Package protocol re-exports all of it. A Config
// is a value: it must not change once a State has it.
package settings
