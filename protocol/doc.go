// Package protocol is the protocol of one torrent as a value.
//
// An [Input] goes in: a peer connected, a read brought messages, a piece passed its check,
// time passed, a user paused. A [Turn] comes out: each [Effect] to carry out, and bytes for
// peers. The package opens no socket, reads no clock, takes no lock and starts no
// goroutine. It calls only what it is given: a Picker, a [Choker] and a [Memory]. Not here:
// the handshake, hashing, files and trackers, which package engine or your program adds.
//
// # Order of calls
//
// New comes first, then Start, and Finish last. Run this loop on one goroutine:
//
//	s.Apply(now, input) // for each input that waits
//	turn := s.Settle(now)
//	// carry out turn.Effects in order, then send turn.Out
//	// apply a Tick at turn.Next at the latest
//
// The caller has four duties:
//
//  1. While it carries out an effect it applies no input: what follows comes later.
//  2. A connection stays usable until Gone, and a buffer until the answer that returns it.
//  3. Readers ask [Tally.Admit] before they take a buffer. Writers take from a [Line].
//  4. Each effect that promises an answer gets one, also after Close.
//
// # Errors
//
// Inputs carry the errors of what the caller did. A peer that breaks a rule loses its
// connection, and [Hangup] says why. An error of the Storage stops the torrent ([Failed])
// until Resume.
//
// # Where to find a rule
//
//	rule                                          file                    function
//	when a peer is banned, or put on parole       banning.go              State.pieceFailed
//	who sends only pieces of its own              banning.go              State.isOnParole
//	who lied about a wrong piece                  banning.go              State.banLiars
//	how memory is reclaimed                       reclaim.go              State.reclaim
//	what a torrent without memory does            reclaim.go              State.reserve
//	how memory is shared among torrents           budget/budget.go        Quota.Reserve
//	how the memory of uploads is bounded          budget/uploads.go       Uploads.mayTake
//	whose uploads wait least for memory           budget/uploads.go       Uploads.nextWaiter
//	what happens to partial pieces at shutdown    shutdown.go             State.spillAll
//	what happens when the disk is full            failing.go              State.fail
//	when a torrent is reported as complete        completing.go           Synced.apply
//	who is still to hear of the last pieces       completion/completion.go  Completion.Report
//	what the user wants of the pieces             wanted/wanted.go        Pieces.Set
//	why what is wanted cannot change              prioritizing.go         State.mayChangeWants
//	what follows when other pieces are wanted     following.go            State.applyWants
//	what peers and sources hear of that           following.go            State.followWants
//	what happens to requests that are not wanted  following.go            State.followWants
//	what happens to blocks that are not wanted    following.go            State.followWants
//	what a seek cancels                           seeking.go              State.cancelLeft
//	how often requests are cancelled by seeks     urgent/seek.go          Seek.Note
//	what becomes of pieces that a seek left       seeking.go              State.spillLeft
//	how much is requested if a deadline is near   pacing/near.go          Pace.NearTarget
//	how much is requested while somebody reads    pacing/near.go          Pace.ReadingTarget
//	what a pause and a close do                   lifecycle.go            State.stop
//	how the request queue is sized                pacing/pace.go          Pace.bound
//	when blocks are requested of a peer           requesting.go           State.requestBlocks
//	how many pieces are begun                     pieces/begun.go         Table.MaxNew
//	who fills in the pad at the end of a block    pieces/assembly.go      Assembly.Add
//	when a request times out                      timeouts.go             State.checkRequests
//	which requests are lost                       requests/list.go        List.MarkLate
//	how long to wait for a block                  pacing/pace.go          Pace.Timeout
//	when a block is expected, for end game        pacing/pace.go          Pace.Expected
//	when a silent or idle peer is left            timeouts.go             State.checkSilence
//	when end game begins (the picker decides)     checking.go             State.inEndGame
//	when duplicate requests are cancelled         requesting.go           State.cancelDuplicate
//	what becomes of a request that is cancelled   requesting.go           State.cancelRequest
//	what unrequested blocks cost a peer           arrival.go              State.discardUnasked
//	when a peer gets one request at a time        requesting.go           State.requestBlocks
//	when a peer that only repeats itself is left  peers/peers.go         Peer.CheckAllowance
//	how many messages may change nothing          allowance/allowance.go  Allowance.Refill
//	when a piece is checked                       checking.go             State.submit
//	how long pieces are checked by section        pieces/sections.go      Sections.Next
//	who gets an upload slot                       choking/ranked.go       ranked.Unchoke
//	when the choker is asked                      choking/rounds.go       Rounds.scheduleNext
//	which requests of a peer are served           serving.go              State.receiveRequest
//	when a piece that cannot be read is served    unreadable.go           State.retryUnreadable
//	what a check could not read (BEP 21)          unreadable.go           State.notRead
//	when a request is rejected (BEP 6)            fast.go                 State.reject
//	which pieces a peer gets while choked         fast.go                 State.offerFast
//	how often a network gets such a piece         allowedfast/grants.go   Grants.Take
//	which pieces a peer is shown (BEP 16)         revealing.go            State.hidePieces
//	which pieces a peer may know of               revealing/viewers.go    Viewers.MayKnow
//	what a super-seeder shows next                revealing/superseed.go  superSeed.choose
//	which connections are refused                 joining.go              State.refusal
//	how many connections an address may have      places/places.go        Count.Exceeds
//	which of two connections to a peer stays      duplicates/conn.go      Conn.Replaces
//	why a connection ended                        ending/end.go           Of
//	what its end means for the address            ending/end.go           Outcome
//	who is dialed next                            addressbook/choice.go   entry.before
//	how many addresses peers may name             addressbook/tellers.go  Book.AddNamed
//	which addresses of peer exchange are taken    exchanging/incoming.go  Incoming.Message
//	how often a victim that peers name is dialed  addressbook/tried.go    tried.has
//	whom a private torrent dials (BEP 27)         dialing.go              State.addNamed
//	when a private torrent leaves its peers       private.go              State.noteTracker
//	when a source may be called again             announcing/after.go     After
//	when a lost peer is dialed again              addressbook/book.go     entry.wait
//	why peers do not all dial at the same moment  addressbook/spread.go   Book.delay
//	how long a peer that flooded us is refused    addressbook/bans.go     Book.Refuse
//	which peer gives up its place for another     eviction.go             State.givesWay
//	the canonical priority of a connection        addressbook/priority.go  Priority
//	by which address others see us                ownaddress/votes.go     Votes.Add
//	how often one goes for the same network       places/replacements.go  Replacements.May
//	when a full download dials another peer       eviction.go             State.replaceUnused
//	when a torrent dials, also as a seed          dialing.go              State.wantsToDial
//	what we say right after the handshake         joining.go              State.sendFirst
//	what a peer gets that was greeted before      joining.go              State.sendHaves
//	our extension handshake (BEP 10)              extended.go             State.sendHello
//	which extension a message is for              extension/sessions.go   Connection.Message
//	what a peer may know of other peers           extension/traits.go     Traits.Flags
//	who hears of our node of the DHT              dhtport.go              State.sendPort
//	when a peer's node of the DHT is heeded       dhtport.go              State.receivePort
//	when a peer no longer has a piece (BEP 54)    donthave.go             State.receiveDontHave
//	who downloads nothing (BEP 21)                uploadonly.go           State.wantsNothing
//	when the sources hear of the last piece       completing.go           State.announceCompleted
//	when the sources are asked for more peers     dialing.go              Unreached.apply
//	what a check of stored pieces does            storedcheck.go          State.recheck
//	when a torrent is idle                        idle.go                 State.canIdle
package protocol
