package fetching

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/wishes"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/magnet"
)

// ErrHandedOver says that another one ends the fetch whose job wants to start the torrent.
var ErrHandedOver = errors.New("somebody else ends the fetch")

// Take takes the token, unless somebody else ends the fetch. Release gives it back.
func (f *Torrent) Take() bool {
	select {
	case _, ok := <-f.token:
		return ok
	default:
		return false
	}
}

// Release gives back the token that Take took.
func (f *Torrent) Release() { f.token <- struct{}{} }

// Token returns what to wait for if Take failed. Who receives a value has taken the token, too; it is
// closed when the fetch has ended.
func (f *Torrent) Token() <-chan struct{} { return f.token }

// StopSaving leaves the record to somebody else, until ResumeSaving.
func (f *Torrent) StopSaving() {
	f.saving.Lock()
	defer f.saving.Unlock()
	f.ending = true
}

// ResumeSaving takes the record back, and its lock.
func (f *Torrent) ResumeSaving() {
	f.saving.Lock()
	f.ending = false
	f.saving.Unlock()
	if f.folder != nil {
		if err := f.host.LockFiles(); err != nil {
			f.host.Warn(err)
		}
	}
}

// HandOver ends the job, and returns what it knows, which is the caller's. The caller has the token.
func (f *Torrent) HandOver() *magnet.Result {
	f.mu.Lock()
	if f.job != nil {
		f.job.HandOver()
		f.dropJob()
	}
	f.mu.Unlock()
	return f.AwaitJob()
}

// Become ends the fetch, because the torrent is r now, and returns what the user did. The caller has
// the token.
func (f *Torrent) Become(r Running) wishes.Wishes {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = r
	f.notify()
	close(f.token)
	return f.wishes
}

// Close ends the fetch for good. why is what the methods that return an error say from then on.
func (f *Torrent) Close(why error) error {
	f.mu.Lock()
	if f.closed == nil {
		f.closed = why
		f.stopJob()
		f.notify()
		f.host.Report(engine.Removed{Torrent: f.id})
	}
	f.mu.Unlock()
	f.AwaitJob().Close()
	return nil
}

// errNoFiles says that content cannot be deleted while nobody knows what it is.
var errNoFiles = errors.New("former runs made files of it, and which these are is not known without the metadata; add its .torrent file, then remove it")

// Remove closes the fetch and deletes its record. deleteContent says that the content is to be
// deleted as well, which fails if former runs made any. If again is true, the torrent runs now or
// was removed, and nothing was done. The Host removes the torrent from its list.
func (f *Torrent) Remove(deleteContent bool, why error) (again bool, err error) {
	if reason := f.reason(nil); reason != nil {
		return false, fmt.Errorf("client: %q: %w", f.Name(), reason)
	}
	if _, ok := <-f.token; !ok {
		return true, nil // it runs now, or was removed
	}
	defer close(f.token) // another Remove may wait for it
	f.StopSaving()
	f.Close(why)
	defer f.host.Removed()
	f.host.UnlockFiles()
	if f.folder == nil {
		return false, nil
	}
	r, err := linkrecord.LoadRecord(f.folder, f.id)
	if err == nil && deleteContent && len(r.Owned) > 0 {
		err = errNoFiles
	}
	if err != nil {
		return false, err
	}
	return false, f.folder.Remove(f.id)
}
