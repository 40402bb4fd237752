package client

import (
	"errors"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/client/internal/dialerror"
	"github.com/shoal-bt/shoal/client/internal/fetching"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/modified"
	"github.com/shoal-bt/shoal/client/internal/peeraddr"
	"github.com/shoal-bt/shoal/client/internal/webfetch"
	"github.com/shoal-bt/shoal/engine"
)

// Errors that a caller may have to branch on. Other errors are types of the modules
// below: *metainfo.InvalidError for an invalid torrent, *diskstore.Error and
// *diskstore.SizeError for files, *peerwire.ProtocolError for what a peer did wrong, and
// *httptracker.FailureError for a tracker that refused.
var (
	// ErrDuplicate says that the client has the torrent already.
	ErrDuplicate = engine.ErrDuplicate

	// ErrInUse says that another client with the same state folder, in this
	// process or another, has the torrent in the same folder. Close that client,
	// or choose another folder.
	ErrInUse = errors.New("another client has the torrent in this folder")

	// ErrUnknown says that the client has no such torrent.
	ErrUnknown = errors.New("the client has no such torrent")

	// ErrRemoved says that the torrent was removed.
	ErrRemoved = errors.New("the torrent was removed")

	// ErrClosed says that the client is closed.
	ErrClosed = errors.New("the client is closed")

	// ErrNoMetadata says that the metadata of a torrent is still being fetched.
	ErrNoMetadata = fetching.ErrNoMetadata

	// ErrPieceLayers says that a v2 torrent lacks the hashes of its pieces, as one does
	// that was added by a link and has a file longer than a piece.
	ErrPieceLayers = metadata.ErrPieceLayers

	// ErrInfoHash says that a string is not an info hash.
	ErrInfoHash = metadata.ErrInfoHash

	// ErrAddress says that no peer can be at an address.
	ErrAddress = peeraddr.Err

	// ErrDHTOff says that the client has no node of the DHT. Set Config.DHT.
	ErrDHTOff = errors.New("the DHT is off; set Config.DHT")

	// ErrPrivate says that a private torrent gets peers only from its own trackers
	// (BEP 27).
	ErrPrivate = errors.New("the torrent is private; only its own trackers may find peers")

	// ErrModified says that another program changed a file while the client had it
	// open. Resume, or the next run, checks the file and fetches what is wrong.
	ErrModified = modified.Err

	// ErrState says that files of a torrent would be in the state folder, among the
	// records. Choose another folder for the content or for Config.State.
	ErrState = errors.New("the torrent's files would be among what the client remembers; choose another folder")

	// ErrNotWanted says that somebody waits for a piece that is not wanted.
	ErrNotWanted = engine.ErrNotWanted

	// ErrNotPrioritizer and ErrNotSequencer say that the pickers of Config.NewPicker take no
	// priorities and deadlines, or have one order only.
	ErrNotPrioritizer = engine.ErrNotPrioritizer
	ErrNotSequencer   = engine.ErrNotSequencer

	// ErrReadOnly says that a torrent with AddOptions.ReadOnly, or one made by Seed, is
	// to be written to, because some of it is missing or wrong.
	ErrReadOnly = lazystorage.ErrReadOnly

	// ErrPieceFailed says that a piece did not pass its check.
	ErrPieceFailed = events.ErrPieceFailed

	// ErrConnectTimeout and ErrHandshakeTimeout say that a peer that was
	// dialed did not answer in time.
	ErrConnectTimeout   = dialerror.ErrConnectTimeout
	ErrHandshakeTimeout = dialerror.ErrHandshakeTimeout

	// ErrHungUp says that a peer closed the connection in the handshake. It may
	// accept only encrypted connections, which are not supported, not have the
	// torrent, be full, or have banned this address.
	ErrHungUp = dialerror.ErrHungUp

	// ErrNotBitTorrent says that a peer sent something else in place of a
	// handshake, as one does that accepts only encrypted connections.
	ErrNotBitTorrent = dialerror.ErrNotBitTorrent
)

// A StoreError says that a torrent's content could not be read or stored. Its Op is "open",
// "read", "write", "sync", "close" or "remove". It wraps the storage's own error, such as a
// *diskstore.Error.
type StoreError = lazystorage.Error

// A StatusError says that a web server answered without a torrent. Its Code is the HTTP
// status, such as 404.
type StatusError = webfetch.StatusError

// A MetadataError says that the metadata of a link has the right hash and is still no valid
// torrent, which only its maker can repair. It wraps the cause, such as a
// *metainfo.InvalidError.
type MetadataError = metadata.Error

// A SourceError says that a tracker or another source gave no answer. It wraps the error of
// the source, such as a *httptracker.FailureError.
type SourceError = events.SourceError

// A PeerError says what ended or prevented a connection. It wraps the cause, such as a
// *peerwire.ProtocolError or ErrConnectTimeout.
type PeerError = events.PeerError

// A PieceError says that a piece did not pass its check, and who sent it. It matches
// ErrPieceFailed.
type PieceError = events.PieceError

// ErrorOf returns the error that an event is about: a *PeerError, *PieceError or
// *SourceError, or the error of a Failed, a Warning or of the DHT. It returns nil for other events,
// and for connections that ended without an error.
func ErrorOf(e Event) error { return events.ErrorOf(e) }
