package node

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Limits of queries that are served, in queries per second.
const (
	DefaultQueriesPerAddr = 20    // of one IPv4 address or one IPv6 /64
	DefaultQueries        = 2_000 // of all
)

// Config says how a node works. It is read once.
type Config struct {
	// Self is our id, as it was saved; zero makes a new one. It is replaced if it does not
	// fit our address.
	Self nodeid.ID

	// External is our public address, if it is known for sure. Otherwise it is what most
	// other nodes say.
	External netip.Addr

	Is6      bool // the node's address is IPv6
	ReadOnly bool // ask, but answer nobody (BEP 43)

	// EnforceIDs ignores nodes whose id does not fit their address, and refuses their
	// queries (BEP 42). Otherwise those that fit are preferred.
	EnforceIDs bool

	// QueriesPerAddr and Queries bound the queries that are served each second. Zero means
	// the default, a negative number no limit.
	QueriesPerAddr, Queries int

	Version string     // of the program, 4 bytes by custom; empty for none
	Secret  [32]byte   // of the tokens; must be random
	Random  *rand.Rand // for ids, transactions and samples; must be hard to guess

	Tuning Tuning
}

// A Tuning is what the rules count with. The zero value is what a node should use; others
// are for comparisons.
type Tuning struct {
	K, Alpha, Shortlist int           // see lookup.Config
	Trust               bool          // see lookup.Config
	Plain               bool          // see routing.Config
	BadAfter, DropAfter int           // see routing.Config
	Late, GiveUp        time.Duration // from a query until its answer is late, and until it is given up; zero means that measured times decide
}

func (c Config) defaults() Config {
	c.QueriesPerAddr = cmp.Or(c.QueriesPerAddr, DefaultQueriesPerAddr)
	c.Queries = cmp.Or(c.Queries, DefaultQueries)
	c.External = c.External.Unmap()
	return c
}
