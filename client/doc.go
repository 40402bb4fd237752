// Package client is the engine with everything plugged in: add a torrent, wait,
// and the files are there.
//
// In come torrents, as paths, URLs, bytes or parsed ones ([Client.Add]), and content to
// share ([Client.Seed]). Out go files, records and [Client.Events]. A client owns a
// torrent's storage, record and trackers until Remove or Close. It lists a file in the
// record before it makes it, and changes no other file. Not here: metadata for magnet
// links, and the protocol (package protocol).
//
// # Order of use
//
//	c, err := client.New(config)
//	t, err := c.Add(ctx, "debian.torrent") // or c.Seed(ctx, "folder")
//	err = t.Wait(ctx)
//	err = c.Close() // c.Remove ends one torrent
//
// A complete torrent that nobody downloads becomes idle: its storage, record and metainfo
// are closed until they are needed.
//
// # Concurrency
//
// All methods may be called concurrently. What a Config plugs in must not call Close or
// Remove, because these wait for it.
//
// # Errors
//
// errors.go lists the errors that a caller may branch on. [ErrorOf] returns that of an event.
//
// # Locks
//
// A lock may be taken while those in its last column are held.
//
//	lock                    guards                                      taken while holding
//	Torrent.lifecycle       becoming idle, closing, being removed       –
//	Storage.mu              what is open of a torrent; its I/O          lifecycle
//	Recorder.saveMu         what the record says; its saves             lifecycle, Storage.mu
//	Recorder.timerMu        the timer of saves                          lifecycle, Storage.mu, saveMu
//	modifiedFiles.hashing   the hashing of files that were changed      lifecycle, Storage.mu, saveMu
//	modifiedFiles.mu        why the content is not known to be right    lifecycle, Storage.mu, saveMu
//	trackers.mu             the trackers of a torrent                   lifecycle, Storage.mu, saveMu
//	Torrent.mu              why a torrent is closed                     lifecycle
//	Stream.reading          events that were read but not returned      –
//	Stream.mu               metainfo of torrents that were just added   reading
//	Cache.mu                the metainfo of a torrent                   lifecycle, Storage.mu
//	Client.mu               the torrents, the record folders, closed    lifecycle, reading
//	forwardFile.mu          a file that can only be read forward        Storage.mu
//
// The leaves are timerMu, Torrent.mu, Stream.mu, Cache.mu and Client.mu. Others may be held
// while waiting for a turn, so a turn takes only leaves, and tries Storage.mu.
//
// # Where to find a rule
//
//	rule                                            file                                 function
//	what a torrent may be added from                read.go                              Client.readTorrent
//	how a .torrent file is fetched from a URL       internal/webfetch/webfetch.go        Options.Torrent
//	when a torrent is a duplicate                   client.go                            Client.reserveSwarms
//	who locks a torrent's files                     lock.go                              Torrent.lockFiles
//	what a seed is made from                        seed.go                              Client.buildSeed
//	what a private torrent may meet                 sources.go                           checkPrivate
//	which trackers a torrent has                    sources.go                           Torrent.newSources
//	which addresses peers may have                  peers.go                             checkPeer
//	which trackers are asked over UDP               trackers.go                          newTrackerFunc
//	when UDP trackers are not used                  trackers.go                          newUDPTrackers
//	when the user hears about a failing tracker     trackers.go                          Torrent.newTiers
//	which trackers are remembered                   trackers.go                          trackers.tiersToSave
//
//	which pieces a torrent starts with              open.go                              Torrent.openFileContent
//	when stored pieces are checked                  open.go                              Torrent.checkRecord
//	what Trust and Recheck take for present         internal/content/content.go          Present
//	where no torrent may write                      state.go                             Torrent.checkOutsideState
//	what becomes ours, and may be overwritten       open.go                              Torrent.openFiles
//	what happens if another program changes a file  sync.go                              Torrent.checkModified
//	what a complete torrent must have               sync.go                              Torrent.completeContent
//	what happens to a damaged record                record.go                            loadRecord
//	what a record says                              record.go                            Torrent.recordState
//	when a record is saved                          internal/recorder/recorder.go        Recorder.ScheduleSave
//	what is not worth a save                        internal/recorder/recorder.go        worthSaving
//
//	when a torrent becomes idle                     internal/lazystorage/lazystorage.go  Storage.Idle
//	what is closed while it is idle                 idle.go                              Torrent.becomeIdle
//	what opens it again                             internal/lazystorage/lazystorage.go  Storage.Reopen
//	who may use an open storage                     internal/lazystorage/lazystorage.go  Storage.acquire
//	where an idle torrent's metainfo is             metainfo.go                          Torrent.metainfo
//
//	what Close waits for                            calls.go                             Client.beginCall
//	in which order a client closes                  close.go                             Client.Close
//	who closes the listeners                        internal/listening/listening.go      Close
//	what is deleted by Remove                       remove.go                            Client.Remove
//
//	which port is listened on                       internal/listening/listening.go      Open
//	what the defaults are                           config.go                            Config.withDefaults
//	when a file is complete                         internal/filecount/filecount.go      Count.Add
//	how errors name what a peer did or was late     errors.go                            dialError
//	how passkeys are kept out of errors             internal/webfetch/webfetch.go        withoutURL
package client
