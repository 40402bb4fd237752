package addressbook

// choiceScripts are the rules about which address comes first, and which is refused for
// a while.
var choiceScripts = []script{
	{"an address that was never tried comes before one that failed", `
		add 1
		next -> 1
		end 1 failed
		wait 1h
		add 2
		add 3
		next -> 2
		next -> 3
		next -> 1`},

	{"the one with fewer failures comes first", `
		add 1
		add 2
		next -> 1
		end 1 failed
		next -> 2
		wait 1s
		next -> 1
		end 1 failed
		end 2 failed
		wait 1h
		next -> 2
		next -> 1`},

	{"many ports of a host do not keep other hosts waiting", `
		add 10.0.0.9:1
		add 10.0.0.9:2
		add 10.0.0.9:3
		add 1
		next -> 10.0.0.9:1
		next -> 1
		next -> 10.0.0.9:2
		add 2
		next -> 2
		next -> 10.0.0.9:3`},

	{"a peer that paused is tried every few seconds for a minute, before all others", `
		add 1
		next -> 1
		connected 1
		end 1 lost
		add 2
		next -> 2
		next -> nobody for 1s
		wait 1s
		next -> 1
		end 1 no-handshake
		next -> nobody for 4s
		wait 4s
		add 3
		next -> 1
		end 1 failed
		next -> 3
		next -> nobody for 4s
		wait 4s
		next -> 1
		end 1 failed
		next -> nobody for 4s
		wait 50s
		next -> 1
		end 1 failed
		next -> nobody for 4s
		wait 4s
		next -> 1
		end 1 failed
		next -> nobody for 15s`},

	{"a second address of a connected peer waits, and is no failure", `
		add 1
		next -> 1
		end 1 duplicate
		next -> nobody for 5m0s
		wait 5m
		next -> 1
		end 1 failed
		next -> nobody for 1s`},

	{"of two that dialed each other at once, one waits for the other", `
		add 1
		next -> 1
		connected 1
		end 1 crossed
		next -> nobody for 10s`},

	{"an address whose host has its share waits for a place, and does not fail", `
		add 1
		next -> 1
		end 1 crowded
		next -> nobody for 30s
		wait 30s
		next -> 1
		end 1 failed
		next -> nobody for 1s`},

	{"a peer that shakes hands and leaves may be full, and is tried each minute at least", `
		add 1
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 1s
		wait 1s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 5s
		wait 5s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 15s
		wait 15s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 1m0s
		wait 1m0s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 1m0s
		wait 1m0s
		next -> 1
		connected 1
		end 1 failed
		next -> nobody for 1m0s
		wait 1m0s
		next -> 1`},

	{"who is refused is not dialed for a minute, whatever its port", `
		add 192.0.2.1:6881
		add 192.0.2.1:7000
		add 2
		refused 192.0.2.1:1 -> false
		refuse 192.0.2.1:1
		refused 192.0.2.1:1 -> true
		add 192.0.2.1:8000
		next -> 2
		next -> nobody for 1m0s
		wait 1m
		refused 192.0.2.1:1 -> false
		next -> 1`},

	{"who is connected and refused is not tried when that ends", `
		add 1
		next -> 1
		connected 1
		refuse 1
		end 1 failed
		next -> nobody for 10s`},

	{"each time it is refused for longer, up to a quarter of an hour", `
		refuse 192.0.2.1:1
		wait 1m
		refused 192.0.2.1:1 -> false
		refuse 192.0.2.1:1
		wait 119s
		refused 192.0.2.1:1 -> true
		wait 1s
		refused 192.0.2.1:1 -> false
		refuse 192.0.2.1:1
		refuse 192.0.2.1:1
		refuse 192.0.2.1:1
		refuse 192.0.2.1:1
		wait 959s
		refused 192.0.2.1:1 -> true
		wait 1s
		refused 192.0.2.1:1 -> false`},

	{"a local address, which many may share, is refused for some seconds", `
		refuse 1
		refused 1 -> true
		wait 10s
		refused 1 -> false
		refuse 1
		wait 10s
		refused 1 -> false`},

	{"an IPv6 /64 is refused as a whole", `
		add [2001:db8:0:1::1]:1
		refuse [2001:db8:0:1::2]:1
		refused [2001:db8:0:1::3]:1 -> true
		refused [2001:db8:0:2::3]:1 -> false
		refused [::ffff:10.0.0.1]:1 -> false
		refuse [::ffff:10.0.0.1]:1
		refused 1 -> true
		refused 2 -> false
		next -> nobody for 1m0s`},
}
