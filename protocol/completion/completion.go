// Package completion follows what is still to be said of the last piece that is wanted, and of
// the last of all.
//
// In come downloaded pieces, changes of what is wanted, checks and syncs; out comes who hears of
// it: users of the pieces that are wanted, each time that more of them came, and sources of all
// pieces, once. A [Completion] is a value that one goroutine owns. When each is complete, package
// protocol knows.
package completion

// A Completion is what users and sources have heard. The zero Completion is that of a torrent
// of which nothing is held.
type Completion struct {
	Syncing bool // the Storage was asked to sync, and has not answered
	stale   bool // a piece was written after that

	// Of the pieces that are wanted, for users.
	came       bool // one was downloaded since that was reported, or since a check
	Downloaded bool // every one is held, some came, and that was not reported
	Reported   bool // every one is held and synced, and users know, because it was reported or so from the start

	// Of all pieces, for sources.
	gotLast     bool // the last one was downloaded, and was not synced since
	announced   bool // the sources hear of it, or every piece was there from the start
	Unannounced bool // they are still to hear of it
}

// Begin notes what is held at the start.
func (c *Completion) Begin(isFinished, isComplete bool) {
	c.Reported, c.announced = isFinished, isComplete
}

// BeginCheck notes that a check begins. What is downloaded after it is reported.
func (c *Completion) BeginCheck() { c.Reported, c.announced, c.came = false, false, false }

// EndCheck notes what a check found. That is no news, unless it was downloaded before.
func (c *Completion) EndCheck(isFinished, isComplete bool) {
	c.Reported = isFinished && !c.Downloaded
	c.announced = isComplete && !c.gotLast
}

// PieceCame notes that a piece was downloaded, and whether it was the last of all.
func (c *Completion) PieceCame(isWanted, isLast bool) {
	c.came = c.came || isWanted
	c.gotLast = c.gotLast || (isLast && !c.announced)
}

// Finish notes that every piece that is wanted is held.
func (c *Completion) Finish() { c.Downloaded = c.Downloaded || (c.came && !c.Reported) }

// WantMore notes that a piece is wanted that is missing.
func (c *Completion) WantMore() { c.Reported = false }

// Sync reports whether to ask the Storage for a sync now. While one is under way, another one
// follows it.
func (c *Completion) Sync() (now bool) {
	now = !c.Syncing
	c.Syncing, c.stale = true, !now
	return now
}

// Synced notes that a sync has ended, and reports whether it may not cover every piece.
func (c *Completion) Synced() (isStale bool) {
	c.Syncing = false
	return c.stale
}

// Report notes that users know that every piece that is wanted is held and synced, and whether
// it is every piece of all. It reports whether that is to be reported: a piece that was lost and
// came back is no news, nor is what was there before it was wanted.
func (c *Completion) Report(isComplete bool) (isNews bool) {
	isNews = c.Downloaded
	c.Reported, c.Downloaded, c.came = true, false, false
	if c.gotLast && isComplete {
		c.gotLast, c.announced, c.Unannounced = false, true, true
	}
	return isNews
}
