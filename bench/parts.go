package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/content"
	"github.com/shoal-bt/shoal/bench/internal/load"
	"github.com/shoal-bt/shoal/bench/internal/ours"
	"github.com/shoal-bt/shoal/bench/internal/rival"
	"github.com/shoal-bt/shoal/metainfo"
)

// A part is what this program does as a child of itself.
type part struct {
	name string
	args string // what it expects
	run  func(p *child.Parent, args []string) error
}

// parts are the children. Each says "ready" and waits for "go", see package child.
var parts = []part{
	{"blast", "[-ports N] [-dial] TORRENT FILE [LISTEN]", blast},
	{"sink", "[-conns N] [-depth N] [-random] [-wait] [-late] TORRENT ADDR", sink},
	{"floor", "TORRENT FILE ADDR", floor},
	{"hold", "[-conns N] TORRENT ADDR", hold},
	{"leech", "TORRENT DIR PEER...", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error { return ours.Leech(p, a[0], a[1], a[2:]) })
	}},
	{"seed", "LISTEN TORRENT DIR", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error { return ours.Seed(p, a[0], a[1], a[2]) })
	}},
	{"recheck", "[-workers N] TORRENT DIR", recheck},
	{"hash", "sha1|sha256 std|piecehash BYTES", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error {
			n, err := strconv.ParseInt(a[2], 10, 64)
			if err != nil {
				return err
			}
			return ours.Hash(p, a[0], a[1], n)
		})
	}},
	{"record", "TORRENTS DIR STATE", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error { return ours.Record(p, a[0], a[1], a[2]) })
	}},
	{"many", "TORRENTS DIR STATE", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error { return ours.Many(p, a[0], a[1], a[2]) })
	}},
	{"tracker", "", func(p *child.Parent, _ []string) error { return ours.Track(p) }},
	{"prepare", "[-size BYTES] DIR", prepare},
	{"prepare-stream", "[-size BYTES] DIR", prepareStream},
	{"prepare-many", "[-n N] DIR ANNOUNCE", prepareMany},
	{"rival", "NAME seed|leech TORRENT DIR", foreign},
	{"carry", "[-delay D] [-rate MBITS] [-loss P]", carry},
	{"describe", "[-peers N] [-slow N] [-lying N] BYTES", describe},
	{"fetch", "LINK DIR PEER...", func(p *child.Parent, args []string) error {
		return with(args, 3, func(a []string) error { return ours.Fetch(p, a[0], a[1], a[2:]) })
	}},
	{"read", "[-rate BYTES] TORRENT DIR STATE PEER...", runRead},
	{"play", "TORRENT DIR STATE PEER...", func(p *child.Parent, args []string) error {
		return with(args, 4, func(a []string) error { return ours.Play(p, a[0], a[1], a[2], a[3:]) })
	}},
	{"serve", "opentracker|shoal-udp|shoal-http|empty PATH [SWARMS]", runServe},
	{"announce", "[-http] [-peers N] [-swarms N] [-time D] ADDR", runAnnounce},
	{"node", "[-limit N]", runNode},
	{"dht", "[-nodes N] [-rate N] [-flood N] [-time D] ADDR", runDHT},
	{"choose", "[-every D] [-singly N] [-least N] [-calls] TORRENT DIR STATE PEER...", runChoose},
	{"attack", "[-first BYTE] [-size BYTES] [-conns N] [-limit D] [-quick] NAME SHOAL DIR", runAttack},
}

// runPart runs the part that args begin with. It reports false if there is none.
func runPart(args []string) (bool, error) {
	if len(args) == 0 {
		return false, nil
	}
	i := slices.IndexFunc(parts, func(p part) bool { return p.name == args[0] })
	if i < 0 {
		return false, nil
	}
	p := child.Attach(os.Stdin, os.Stdout)
	if file, ok := strings.CutPrefix(args[len(args)-1], profileFlag); ok {
		args = args[:len(args)-1]
		if err := profile(p, fmt.Sprintf("%s-%d", file, os.Getpid())); err != nil {
			return true, err
		}
	}
	if err := parts[i].run(p, args[1:]); err != nil {
		return true, fmt.Errorf("%s: %w", args[0], err)
	}
	return true, nil
}

var errArguments = errors.New("too few arguments")

// with calls f if there are n arguments.
func with(args []string, n int, f func([]string) error) error {
	if len(args) < n {
		return errArguments
	}
	return f(args)
}

// read returns what the tools need to know of a torrent, and the hashes of its
// pieces.
func read(name string) (load.Torrent, [][20]byte, error) {
	tor, err := metainfo.ReadFile(name)
	if err != nil {
		return load.Torrent{}, nil, err
	}
	hashes := make([][20]byte, tor.Info.Pieces())
	for i := range hashes {
		hashes[i], _ = tor.Info.PieceHash(i)
	}
	return load.Torrent{ID: tor.Info.HashV1, Length: tor.Info.Length, PieceLength: tor.Info.PieceLength}, hashes, nil
}

func blast(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	ports := flags.Int("ports", 1, "listeners")
	dial := flags.Bool("dial", false, "listen nowhere, but dial the address that the parent says")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dial {
		return with(flags.Args(), 2, func(a []string) error { return dialer(p, a[0], a[1]) })
	}
	return with(flags.Args(), 3, func(a []string) error {
		t, _, err := read(a[0])
		if err != nil {
			return err
		}
		var listeners []net.Listener
		var addrs []string
		for range *ports {
			l, err := net.Listen("tcp", a[2])
			if err != nil {
				return err
			}
			listeners, addrs = append(listeners, l), append(addrs, l.Addr().String())
		}
		if err := p.Say("ready", strings.Join(addrs, " ")); err != nil {
			return err
		}
		b := load.Blast{Torrent: t, File: a[1]}
		return b.Serve(p.Context(), listeners...)
	})
}

// dialer is a blast that dials a leecher.
func dialer(p *child.Parent, torrent, file string) error {
	t, _, err := read(torrent)
	if err != nil {
		return err
	}
	if err := p.Say("ready", ""); err != nil {
		return err
	}
	addr, err := p.Hear()
	if err != nil {
		return nil // the parent has enough
	}
	b := load.Blast{Torrent: t, File: file}
	if err := b.Dial(p.Context(), addr, func() { p.Say("asked", "") }); p.Context().Err() == nil {
		return err
	}
	return nil
}

// foreign runs a client that is a program of its own. It has to stop it, so an
// interrupt does not kill it, nor what timeout(1) sends to all; the parent hears it too.
func foreign(p *child.Parent, args []string) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	return with(args, 4, func(a []string) error {
		for _, c := range rival.Programs {
			if c.Name == a[0] {
				return c.Run(p, a[1] == "seed", a[2], a[3])
			}
		}
		return fmt.Errorf("there is no rival %q", a[0])
	})
}

func sink(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	s := load.Sink{}
	flags.IntVar(&s.Conns, "conns", 1, "connections")
	flags.IntVar(&s.Depth, "depth", 128, "requests under way on each")
	flags.BoolVar(&s.Random, "random", false, "pieces in random order")
	flags.BoolVar(&s.Wait, "wait", false, "send the handshake alone, and the rest when the seeder's has come")
	late := flags.Bool("late", false, "connect when told to go, not before")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 2, func(a []string) (err error) {
		if s.Torrent, _, err = read(a[0]); err != nil {
			return err
		}
		s.Addr, s.Bytes = a[1], s.Torrent.Length
		defer s.Close()
		steps := []func() error{func() error { return s.Connect(p.Context()) }, func() error { return p.Ready("") }}
		if *late {
			slices.Reverse(steps)
		}
		for _, step := range append(steps, s.Take) {
			if err := step(); err != nil {
				return err
			}
		}
		return p.Done("")
	})
}

func floor(p *child.Parent, args []string) error {
	return with(args, 3, func(a []string) error {
		t, hashes, err := read(a[0])
		if err != nil {
			return err
		}
		f := load.Floor{Torrent: t, Hashes: hashes, File: a[1], Addr: a[2], Depth: 128}
		if err := p.Ready(""); err != nil {
			return err
		}
		if err := f.Run(p.Context()); err != nil {
			return err
		}
		return p.Done("")
	})
}

// hold tells for each line of the parent how many connections were lost.
func hold(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	n := flags.Int("conns", 1, "connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 2, func(a []string) error {
		t, _, err := read(a[0])
		if err != nil {
			return err
		}
		h := load.Hold{ID: t.ID, Addr: a[1]}
		if err := h.Open(p.Context(), *n); err != nil {
			return err
		}
		if err := p.Say("ready", ""); err != nil {
			return err
		}
		for {
			if _, err := p.Hear(); err != nil {
				return nil // the parent has enough
			}
			if err := p.Say("lost", fmt.Sprint(h.Lost())); err != nil {
				return err
			}
		}
	})
}

func recheck(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	workers := flags.Int("workers", 1, "goroutines that hash")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 2, func(a []string) error { return ours.Recheck(p, a[0], a[1], *workers) })
}

// prepare makes the content and its torrents.
func prepare(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	size := flags.Int64("size", 2<<30, "bytes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 1, func(a []string) error {
		return makeContent(p, a[0], contentName, *size, torrents(*size))
	})
}

// makeContent makes a file of random bytes in dir, and torrents of it, by file name.
func makeContent(p *child.Parent, dir, name string, size int64, torrents map[string]content.Info) error {
	if err := p.Ready(""); err != nil {
		return err
	}
	file := filepath.Join(dir, name)
	if err := content.Random(p.Context(), file, size); err != nil {
		return err
	}
	type cut struct{ length, pieceLength int64 }
	known := map[cut][][20]byte{}
	for name, info := range torrents {
		key := cut{info.Length, info.PieceLength}
		if known[key] == nil {
			var err error
			if known[key], err = content.Hashes(p.Context(), file, info.Length, info.PieceLength); err != nil {
				return err
			}
		}
		info.Hashes = known[key]
		if err := info.Write(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return p.Done("")
}

func prepareMany(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	n := flags.Int("n", 10000, "torrents")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 2, func(a []string) error {
		if err := p.Ready(""); err != nil {
			return err
		}
		if err := content.Many(filepath.Join(a[0], "torrents"), filepath.Join(a[0], "data"), *n, a[1]); err != nil {
			return err
		}
		return p.Done("")
	})
}
