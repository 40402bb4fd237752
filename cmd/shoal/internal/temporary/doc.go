// Package temporary makes folders for what a command does not keep.
//
// In comes nothing; out goes a folder in the system's place for temporary files, which belongs to the
// command until Remove. If the command is killed, its folder stays, and RemoveStale of a later command
// deletes it: a folder counts as such only if it has a name of ours, belongs to this user alone, has a
// file that says in which folder it was made, and no process has a lock on that file. Nothing else is
// ever deleted. Systems without such locks keep the folders of killed commands.
package temporary
