// Package resume remembers which pieces of a torrent are held, over restarts
// and crashes.
//
// At the start, [Load] reads a record, and [Record.Check] compares it with the
// files as they are now. Its [Verdict] says which pieces can be trusted, which are
// worth hashing, and which files are ours. [OpenKeeper] then continues the record.
//
// While the torrent runs, the engine reports the pieces that it wrote
// ([Keeper.Wrote]), and the store reports the files that it is about to make
// ([Keeper.Own]). The caller calls [Keeper.Flush] on a timer: it syncs the storage
// and only then records what was written before. At the end [Keeper.Close] makes
// the record clean.
//
// A record is bencoded and has a version and a checksum. After a crash at any point,
// [Save] leaves either the old or the new record, complete.
//
// Not here: the torrent itself, which the caller stores; storing and hashing pieces;
// timers. The caller passes in functions for these.
//
// # Concurrency
//
// The methods of a [Keeper] and of [Locks] may be called concurrently. Calls of a
// [Folder] for one torrent must not overlap.
//
// # Errors
//
// A [*DamageError] or [*VersionError] from [Load] means that there is no usable
// record. Continue with Check of a zero Record; the next Save replaces the file.
package resume
