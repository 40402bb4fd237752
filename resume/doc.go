// Package resume remembers which pieces of a torrent are held, over restarts
// and crashes.
//
// What flows where: the engine says what it wrote ([Keeper.Wrote]) and the
// store what it is about to make ([Keeper.Own]). On a timer [Keeper.Flush]
// takes what was written so far, has the storage synced, and only then records
// it; at the end [Keeper.Close] makes the record clean. [Save] writes a record
// so that after a crash either it or the one before is there, whole; [Load]
// reads it, and says of a damaged one that it is. [Record.Check] compares it
// with the files as they are now, and answers which pieces can be trusted,
// which are worth hashing, and which files are ours.
//
// A record is bencoded (BEP 3), has a version and a checksum, and is written
// byte by byte, never dumped from memory. It holds no torrent: keep that beside
// it. This package neither stores nor hashes pieces, nor does it run a timer;
// functions for that are handed in.
package resume
