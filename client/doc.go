// Package client is the engine with everything plugged in: add a torrent, wait,
// and the files are there.
//
// In come torrents, as paths, URLs, magnet links, bytes or parsed ones ([Client.Add]), and
// content to share ([Client.Seed]). Out go files, records and [Client.Events]. A client owns a
// torrent's storage, record and trackers until Remove or Close. It lists a file in the
// record before it makes it, and changes no other file. Not here: the protocol.
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
//	running.lifecycle       becoming idle, closing, removal, selection  –
//	Storage.mu              what is open of a torrent; its I/O          lifecycle
//	Recorder.saveMu         what the record says; its saves             lifecycle, Storage.mu
//	Recorder.timerMu        the timer of saves                          lifecycle, Storage.mu, saveMu
//	modifiedFiles.hashing   the hashing of files that were changed      lifecycle, Storage.mu, saveMu
//	Set.mu                  the trackers of a torrent                   lifecycle, Storage.mu, saveMu
//	wants.Wants.mu          what the user wants                         lifecycle, reading.Set.mu, saveMu
//	reading.Set.mu          when readers and the user need pieces       lifecycle, Storage.mu, saveMu
//	reading.Reader.mu       where a reader is                           –
//	finishing.Files.mu      files that were moved to their paths        lifecycle, Storage.mu, saveMu
//	running.mu              why it is closed; errors of its content     lifecycle, Storage.mu, saveMu
//	fetching.saving         the saves of a link                         –
//	fetching.mu             what is known of a link, and its job        –
//	Torrent.mu              whether it is fetching or running           Client.mu
//	Stream.reading          events that were read but not returned      –
//	Stream.mu               metainfo of torrents that were just added   reading
//	Cache.mu                the metainfo of a torrent                   lifecycle, Storage.mu
//	Client.mu               the torrents, the record folders, closed    lifecycle, reading, fetching.mu
//	Source.mu               the node of the DHT, its sockets and saves  lifecycle
//	feeds.Set.mu            which keys of links are followed            –
//	status.mu               what the node of the DHT said of itself     Source.mu, the node's
//	forwardFile.mu          a file that can only be read forward        Storage.mu
//
// The leaves are timerMu, Wants.mu, Files.mu, running.mu, Torrent.mu, Stream.mu, Cache.mu, Client.mu
// and status.mu. Others may be held while waiting for a turn, so a turn takes only leaves, and tries
// Storage.mu.
//
// # Where to find a rule
//
//	rule                                            file                                 function
//	what a torrent may be added from                internal/torrentfile/torrentfile.go  Read
//	what a link may be                              internal/metadata/link.go            LinkOf
//	when the metadata of a link is fetched          internal/fetching/job.go             Torrent.startJob
//	which one ends a fetch                          internal/fetching/end.go             Torrent.Take
//	who is asked for the metadata                   internal/metadata/metadata.go        Fetch
//	which addresses of a link are asked on the web  internal/metadata/metadata.go        Request.askWeb
//	when metadata is not fetched again              internal/linkrecord/linkrecord.go    Fetch
//	how a fetch becomes a torrent that runs         claim.go                             claim.handOver
//	when two links are one torrent                  claim.go                             Client.listTorrent
//	which torrent the key of a link stands for      keys.go                              Client.resolveKey
//	when a newer one is reported                    internal/feeds/feeds.go              Set.follow
//	what a second link adds                         link.go                              running.AddLink
//	what metadata that proves private forgets       internal/handover/handover.go        Receiver.mayDial
//	which announces a torrent goes on with          internal/handover/handover.go        Fetches.Announced
//	which trackers are asked at once all the same   internal/trackers/trackers.go        Set.Early
//	where the metadata that peers fetch is read     internal/metacache/metacache.go      Reader.ReadAt
//	how a .torrent file is fetched from a URL       internal/webfetch/webfetch.go        Options.Torrent
//	when a torrent is a duplicate                   claim.go                             Client.claimSwarms
//	who locks a torrent's files                     lock.go                              running.lockFiles
//	what a seed is made from                        internal/seedcontent/seedcontent.go  Build
//	what a private torrent may meet                 sources.go                           checkPrivate
//	which trackers a torrent has                    sources.go                           running.newSources
//	which addresses peers may have                  internal/peeraddr/peeraddr.go        Check
//	which trackers are asked over UDP               internal/trackers/opener.go          Opener.Func
//	when UDP trackers are not used                  internal/trackers/opener.go          NewOpener
//	which torrents the DHT and LSD find             dht.go                               Client.sharedSources
//	what becomes of a peer on the local network     lsd.go                               Client.addLocalPeer
//	when the node of the DHT is closed              dht.go                               Client.suspendDHT
//	when it is opened                               internal/dhtnode/source.go           Source.Node
//	at which ports                                  internal/dhtnode/sockets.go          addresses
//	how many announces wait for it                  internal/dhtnode/places.go           places.take
//	what is saved of it, and when                   internal/dhtnode/saved.go            Source.saveLocked
//	when the user hears about a failing tracker     internal/trackers/trackers.go        Set.newTiers
//	which trackers are remembered                   internal/trackers/trackers.go        Set.ToSave
//
//	which pieces a torrent starts with              open.go                              running.openFileContent
//	when stored pieces are checked                  open.go                              running.checkRecord
//	what Trust and Recheck take for present         internal/content/content.go          Present
//	where no torrent may write                      state.go                             running.checkOutsideState
//	what becomes ours, and may be overwritten       open.go                              running.openFiles
//	what happens if another program changes a file  sync.go                              running.checkModified
//	which files are wanted at the start             internal/wants/choice.go             Wants.Choose
//	in which order a change of that is carried out  select.go                            running.changeWants
//	which pieces have which priority                internal/selection/selection.go      Selection.update
//	what a link selects                             internal/selection/link.go           OfLink
//	what a reader waits for                         internal/reading/reader.go           Reader.tryRead
//	how far it asks ahead                           internal/reading/window.go           ahead
//	which deadline a piece has                      internal/reading/set.go              Set.send
//	where bytes of unwanted files are               internal/recall/recall.go            FilesOptions
//	what can be read of a record without a client   internal/recall/recall.go            Read
//	what a complete torrent must have               sync.go                              running.completeContent
//	what happens to a damaged record                internal/linkrecord/linkrecord.go    LoadRecord
//	what a record says                              record.go                            running.recordState
//	when a record is saved                          internal/recorder/recorder.go        Recorder.ScheduleSave
//	what is not worth a save                        internal/recorder/recorder.go        worthSaving
//
//	when a torrent becomes idle                     internal/lazystorage/lazystorage.go  Storage.Idle
//	what is closed while it is idle                 idle.go                              running.becomeIdle
//	what opens it again                             internal/lazystorage/lazystorage.go  Storage.Reopen
//	who may use an open storage                     internal/lazystorage/lazystorage.go  Storage.acquire
//	where an idle torrent's metainfo is             metainfo.go                          running.metainfo
//
//	what Close waits for                            calls.go                             Client.beginCall
//	in which order a client closes                  close.go                             Client.Close
//	who closes the listeners                        internal/listening/listening.go      Close
//	what is deleted by Remove                       remove.go                            Client.Remove
//
//	which port is listened on                       internal/listening/listening.go      Open
//	what the defaults are                           config.go                            Config.withDefaults
//	when a file is complete                         internal/filecount/filecount.go      Count.Add
//	how errors name what a peer did or was late     internal/dialerror/dialerror.go      Explain
//	how passkeys are kept out of errors             internal/webfetch/webfetch.go        withoutURL
package client
