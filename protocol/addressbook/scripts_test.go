package addressbook

// A script is a rule of the Book; see TestBook.
type script struct{ name, script string }

// scripts are the rules, one by one.
var scripts = []script{
	{"addresses are dialed in the order in which they came", `
		due -> never
		next -> nobody
		add 2
		due -> now
		add 1
		add 2
		len -> 2
		next -> 2
		next -> 1
		dialing -> 2
		next -> nobody
		due -> never`},

	{"an IPv4 address in IPv6 form is the same address", `
		add [::ffff:10.0.0.1]:6881
		add 1
		len -> 1
		next -> 1`},

	{"each failure doubles the wait or more, and the seventh is the last", `
		add 1
		next -> 1
		end 1 failed
		next -> nobody for 1s
		wait 999ms
		next -> nobody for 1ms
		wait 1ms
		next -> 1
		end 1 failed
		next -> nobody for 5s
		wait 5s
		next -> 1
		end 1 failed
		next -> nobody for 15s
		wait 15s
		next -> 1
		end 1 failed
		next -> nobody for 1m0s
		wait 1m
		next -> 1
		end 1 failed
		next -> nobody for 5m0s
		wait 5m
		next -> 1
		end 1 failed
		next -> nobody for 15m0s
		wait 15m
		next -> 1
		len -> 1
		end 1 failed
		len -> 0
		dialing -> 0
		wait 24h
		next -> nobody`},

	{"a forgotten address may come again", sixFailures + `
		end 1 failed
		len -> 0
		add 1
		next -> 1
		end 1 failed
		next -> nobody for 1s`},

	{"no room is not a failure", `
		add 1
		next -> 1
		end 1 no-room
		next -> nobody for 1s
		wait 1s
		next -> 1
		end 1 no-room
		next -> nobody for 1s
		wait 1s
		next -> 1
		end 1 failed
		next -> nobody for 1s`},

	{"no room is not the seventh failure", sixFailures + `
		end 1 no-room
		len -> 1
		next -> nobody for 15m0s
		wait 15m
		next -> 1
		end 1 failed
		len -> 0`},

	{"without a handshake the next swarm is tried", `
		add 1 0 2 5
		next -> 1
		end 1 no-handshake
		wait 1s
		next -> 1 in 2
		end 1 failed
		wait 5s
		next -> 1 in 2
		end 1 no-handshake
		wait 15s
		next -> 1 in 5
		end 1 no-handshake
		wait 1m
		next -> 1`},

	{"a peer of one swarm is tried there again", `
		add 1 3
		next -> 1 in 3
		end 1 no-handshake
		next -> nobody for 1s
		wait 1s
		next -> 1 in 3`},

	{"before its first dial, an address of several swarms begins with the first", `
		add 1 4
		add 1 2
		next -> 1 in 2
		add 1 0
		end 1 failed
		wait 1s
		next -> 1 in 2`},

	{"our own address is kept and never dialed", `
		add 1
		next -> 1
		next -> nobody
		end 1 self
		due -> never
		len -> 1
		dialing -> 0
		add 1
		wait 24h
		next -> nobody
		due -> never`},

	{"our own address is kept even after six failures", sixFailures + `
		end 1 self
		len -> 1
		add 1
		wait 24h
		next -> nobody`},

	{"a complete torrent passes over seeds until pieces are missing", `
		complete
		add 1 seed
		add 2
		next -> 2
		next -> nobody
		due -> never
		incomplete
		due -> now
		next -> 1`},

	{"a known address may turn out to be a seed", `
		add 1
		add 1 seed
		complete
		next -> nobody
		len -> 1`},

	{"a useless peer is a seed", `
		complete
		add 1
		next -> 1
		connected 1
		end 1 useless
		wait 24h
		next -> nobody
		due -> never
		incomplete
		next -> 1`},

	{"there are no seeds to try again in an empty book", `
		incomplete
		due -> never`},

	{"a connected address is not dialed", `
		add 1
		next -> 1
		connected 1
		dialing -> 0
		add 1
		wait 24h
		next -> nobody
		end 1 failed
		next -> nobody for 1s
		wait 1s
		next -> 1`},

	{"connected does not clear failures", `
		add 1
		next -> 1
		end 1 failed
		wait 1s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 5s`},

	{"a block that we needed clears failures", `
		add 1
		next -> 1
		end 1 failed
		wait 1s
		next -> 1
		end 1 failed
		wait 5s
		next -> 1
		connected 1
		reset 1
		end 1 failed
		next -> nobody for 1s`},

	{"connected counts only for an address that is being dialed", `
		add 1
		connected 1
		connected 2
		len -> 1
		dialing -> 0
		next -> 1`},

	{"the end of an address that is not known means nothing", `
		end 1 failed
		reset 1
		len -> 0
		due -> never`},

	{"a ban removes all ports of an address and refuses it", `
		add 1
		add 10.0.0.1:7000
		add 2
		ban 1 -> true
		ban 1 -> false
		len -> 1
		add 1
		add 10.0.0.1:8000
		len -> 1
		next -> 2
		next -> nobody`},

	{"an address that is being dialed is removed when the dial ends", `
		add 1
		next -> 1
		ban 1 -> true
		len -> 1
		dialing -> 1
		end 1 failed
		len -> 0
		dialing -> 0
		next -> nobody
		due -> never`},

	{"a banned address that connects is removed", `
		add 1
		next -> 1
		ban 1 -> true
		connected 1
		len -> 0
		dialing -> 0
		end 1 failed
		len -> 0`},

	{"a ban removes a connected address", `
		add 1
		next -> 1
		connected 1
		ban 1 -> true
		len -> 0
		end 1 failed
		due -> now
		next -> nobody
		due -> never`},

	{"due is the earliest of all waits", `
		add 1
		next -> 1
		end 1 failed
		wait 1s
		next -> 1
		end 1 failed
		add 2
		next -> 2
		end 2 failed
		due -> now
		next -> nobody for 1s
		wait 1s
		next -> 2
		next -> nobody for 4s`},
}

// sixFailures has address 1 fail six times; then it is dialed again.
const sixFailures = `
		add 1
		next -> 1
		end 1 failed
		wait 15m
		next -> 1
		end 1 failed
		wait 15m
		next -> 1
		end 1 failed
		wait 15m
		next -> 1
		end 1 failed
		wait 15m
		next -> 1
		end 1 failed
		wait 15m
		next -> 1
		end 1 failed
		wait 15m
		next -> 1`
