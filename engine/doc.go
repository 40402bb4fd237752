// Package engine downloads and seeds torrents.
//
// In comes a [Spec]: which swarms, how the torrent is cut, a function that checks pieces,
// and a Storage, a Picker and PeerSources (package swarm), which the engine owns until
// the torrent is closed. Out go events, statistics, and the bytes in the Storage. Not
// here: what messages mean and which blocks to request, which package protocol decides;
// file formats, hashes and trackers, which package client adds. It speaks BEP 3, 6, 10.
//
// # Order of use
//
//	e, err := engine.New(config)
//	s := e.Subscribe(0)   // before Add, to miss no event
//	t, err := e.Add(spec) // any number of times
//	err = t.Wait(ctx)
//	err = e.Close()       // closes the torrents, and ends every goroutine
//
// # Concurrency
//
// All methods may be called from many goroutines. The turn of a torrent owns its
// protocol.State: it runs while the torrent's mailbox holds something, and never blocks.
// Readers, verifiers, dials and announces are tasks that post to the mailbox; Close waits
// for them. What a Spec or a Config brings must not call the Torrent, except from a
// goroutine of its own.
//
// # Errors
//
// An error ends one connection, one call of a source, or the torrent, which stops with
// [Failed] when its Storage fails, and goes on after Resume.
//
// # Locks
//
// These are taken while another one is held, all others alone; none is held during I/O:
//
//	lock                        taken while holding
//	mailbox of a torrent        announcer, port of the DHT
//	torrents of the engine      port of the DHT
//	queue of calls to sources   announcer
//	queue of events             hub
//	budget of blocks            last figures of a torrent that is closing
//
// # Where to find a rule
//
//	rule                                             file                                    function
//	who owns a torrent's State                       turn.go                                 Torrent.turn
//	how an effect is carried out                     effects.go                              Torrent.perform
//	how a waiting call gets its answer               turn.go                                 Torrent.wait
//	how what is wanted changes                       prioritizing.go                         Torrent.Prioritize
//	when a torrent has a goroutine                   internal/mailbox/mailbox.go             Mailbox.post
//	who may post to a torrent that is closing        internal/mailbox/mailbox.go             Mailbox.Close
//	what Add refuses                                 spec.go                                 Spec.validate
//	what a zero Config means                         config.go                               Config.withDefaults
//	what happens when a torrent is closed            closing.go                              Torrent.Close
//	what happens to partial pieces at shutdown       closing.go                              Torrent.finish
//	which figures a torrent has while it closes      closing.go                              Torrent.lastFigures
//	in which order an engine shuts down              closing.go                              Engine.Close
//	which events a full stream drops                 internal/events/queue.go                Queue.Add
//	who waits for the memory of uploads              internal/memory/memory.go               Memory.TakeUpload
//	when a peer that holds upload memory is left     internal/conns/writer.go                writer.flush
//	how many calls a Storage gets at once            internal/disk/limit.go                  Limit.Acquire
//	when a verifier waits for company                internal/disk/verifiers.go              Verifiers.ready
//	who writes a piece                               internal/disk/verifiers_hash.go         job.writePiece
//	how wrong blocks are told from right ones        internal/disk/verifiers_hash.go         Verifiers.sum
//	what happens when the disk is full               internal/disk/write.go                  writeRequest.end
//	which write comes next                           internal/disk/writequeue.go             writeQueue.next
//	which writes are joined                          internal/disk/writequeue.go             writeQueue.take
//	how a write to two files is divided              internal/disk/write.go                  cutByLane
//	how many torrents are checked at once            internal/disk/stored.go                 Checks.check
//	how many connections there may be                internal/conns/sockets.go               Sockets.acquire
//	which connection gives up its place for another  internal/conns/sockets.go               Sockets.leastUsed
//	what we say in a handshake                       internal/conns/sockets.go               ours
//	when peers hear of a node of the DHT             dhtport.go                              Engine.SetDHTPort
//	who dials, and with which limits                 internal/conns/dialer.go                Sockets.Dial
//	what a failed dial says about an address         internal/conns/dialer.go                outcome
//	how a connection from elsewhere joins            internal/conns/adopt.go                 Sockets.Adopt
//	who gets a connection for an unknown swarm       internal/conns/acceptor.go              Acceptor.accept
//	which handshake is ended for a new one           internal/conns/acceptor.go              Acceptor.tryBegin
//	who closes the listeners                         internal/conns/acceptor.go              Acceptor.Close
//	which blocks take a buffer                       internal/conns/reader.go                reader.own
//	when blocks are read without a copy              internal/conns/scatter.go               reader.beginScatter
//	when a reader has a large buffer                 internal/conns/reader.go                reader.run
//	how many blocks go into one write                internal/conns/writer.go                writer.send
//	what happens to a peer that takes nothing        internal/conns/conn.go                  Conn.Deliver
//	where a tracker's min interval is obeyed         internal/schedule/intervals.go          Announcer.bringForward
//	when a source is called again                    internal/schedule/intervals.go          Announcer.scheduleNext
//	how many calls of sources are under way at once  internal/schedule/announcer_call.go     Announcer.begin
//	which events wait for a source that failed       internal/schedule/intervals.go          job.eventDue
//	what another has announced before                internal/schedule/announcer_before.go   Announcer.goOn
//	which sources hear that we stopped               internal/schedule/announcer.go          Announcer.enqueue
//	when a torrent's deadline comes                  internal/schedule/queue.go              Queue.Set
package engine
