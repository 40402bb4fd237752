package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/content"
	"github.com/shoal-bt/shoal/bench/internal/player"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/wan"
)

// The link of the scenario stream, and who plays over it.
const (
	streamRate   = 100                        // Mbit/s each way
	playedRate   = 0.8 * streamRate * 1e6 / 8 // bytes per second
	slowSeeder   = 200 << 10                  // bytes per second
	firstRead    = 1 << 20                    // bytes that count as readable
	beforeSeek   = 5 * time.Second            // of playing
	playLimit    = 2 * time.Minute            // for the rest of a run
	streamedName = "stream.bin"               // twice as long as the content of the others
	pauseBefore  = 3 * time.Second            // until a download without a reader is at its rate
	withoutRead  = 30 * time.Second           // for which it is watched
)

// streamedTorrents are the torrents of the scenario stream, by the length of their pieces in MiB.
var streamedTorrents = map[int]string{1: "stream-1.torrent", 4: "stream-4.torrent"}

// mediaPlayer is what plays: a buffer of 2 s, and steps of 64 KiB.
var mediaPlayer = player.Player{
	Rate:   playedRate,
	Step:   64 << 10,
	Buffer: 2 * time.Second,
	Limit:  time.Minute,
}

// A streaming is one setting of the scenario stream.
type streaming struct {
	*runner
	link    *carriedLink
	seeders int
	pieces  int // length in MiB
}

// stream plays a file over a link while it is downloaded.
func (r *runner) stream() *scenario {
	s := &scenario{Scenario: report.Scenario{
		Name: "stream", Title: fmt.Sprintf("Playing over %d Mbit/s, %v one way", streamRate, linkDelay),
		Note: fmt.Sprintf("A file of %d MiB from libtorrent, whose addresses are given when the torrent is added; of five seeders one sends 200 KiB/s. The first MiB is there so long after the call that adds the torrent. %v after playing began it is to go on in the middle: the seek takes until 1 MiB is there. It plays for %v at 80 %% of the link's rate, with a buffer of %v; if a byte is not there when it is due, it stalls. MiB/s is what is downloaded meanwhile, played or not.",
			r.streamed()>>20, beforeSeek, r.play, mediaPlayer.Buffer),
	}}
	l := r.carried(s, "-rate", streamRate)
	carry, release := s.open, s.close
	s.open = func(ctx context.Context) error {
		if r.libtorrent == nil {
			return fmt.Errorf("%w: stream: the seeders are libtorrent: install python3-libtorrent", errLeftOut)
		}
		if err := carry(ctx); err != nil {
			return err
		}
		return r.prepareStreamed(ctx)
	}
	s.close = func() {
		release()
		os.Remove(r.path(streamedName))
	}
	for _, seeders := range []int{1, 5} {
		for _, pieces := range []int{1, 4} {
			r.addPlayers(s, streaming{r, l, seeders, pieces})
		}
	}
	one := streaming{r, l, 1, 1}
	s.contenders = append(s.contenders, contender{one.name("shoal") + ", not read", one.run(r.ownPlayer, one.download)})
	return s
}

// name returns the name of a contender.
func (s streaming) name(client string) string {
	if s.seeders == 1 {
		return fmt.Sprintf("%s, 1 seeder, %d MiB", client, s.pieces)
	}
	return fmt.Sprintf("%s, %d seeders, %d MiB", client, s.seeders, s.pieces)
}

// addPlayers adds the clients that are there.
func (r *runner) addPlayers(s *scenario, in streaming) {
	add := func(client string, command playerCommand) {
		s.contenders = append(s.contenders, contender{in.name(client), in.run(command, in.watch)})
	}
	add("shoal", r.ownPlayer)
	if r.libtorrent != nil {
		add("libtorrent", func(torrent, dir string, peers []string) []string {
			return r.libtorrent.Command("play", append([]string{fmt.Sprint(playedRate), torrent, dir}, peers...)...)
		})
	}
	if r.webtorrent != nil {
		add("webtorrent", r.webtorrent.Play)
	}
}

// A playerCommand returns the command of a client that plays the file of a torrent.
type playerCommand func(torrent, dir string, peers []string) []string

func (r *runner) ownPlayer(torrent, dir string, peers []string) []string {
	return r.own("play", torrent, dir+"/data", dir+"/state", peers)
}

// run returns a run in which a client is used, from the moment on at which it is told to go.
func (s streaming) run(command playerCommand, use func(context.Context, *player.Remote) (report.Values, error)) func(context.Context) (report.Values, error) {
	return func(ctx context.Context) (report.Values, error) {
		ctx, cancel := context.WithTimeout(ctx, s.play+playLimit)
		defer cancel()
		dir, remove, err := s.target()
		if err != nil {
			return nil, err
		}
		defer remove()
		torrent := s.path(streamedTorrents[s.pieces])
		seeders, err := child.Start(ctx, append(s.link.near, s.libtorrent.Command("seeders", append([]string{torrent, s.dir}, s.listens()...)...)...)...)
		if err != nil {
			return nil, err
		}
		defer seeders.Stop()
		peers, err := fields(ctx, seeders)
		if err != nil {
			return nil, err
		}
		p, err := child.Start(ctx, append(s.link.far, command(torrent, dir, peers)...)...)
		if err != nil {
			return nil, err
		}
		defer p.Stop()
		if _, err := p.Ready(ctx); err != nil {
			return nil, err
		}
		m, err := p.Mark()
		if err != nil {
			return nil, err
		}
		v, err := use(ctx, &player.Remote{Process: p})
		if err != nil {
			return nil, err
		}
		f, err := p.Since(m)
		if err == nil {
			err = p.Stop()
		}
		if f.CPU > 0 {
			v[report.CPU] = f.CPU.Seconds()
		}
		if f.Peak > 0 {
			v[report.Peak] = mib(f.Peak)
		}
		return v, err
	}
}

// listens returns where the seeders listen, and the rate of the slow one.
func (s streaming) listens() (all []string) {
	for i := range s.seeders {
		all = append(all, wan.Another(i)+":0")
	}
	if s.seeders > 1 {
		all[0] += fmt.Sprintf("=%d", slowSeeder)
	}
	return all
}

// watch plays the file: from the beginning, and then from the middle.
func (s streaming) watch(ctx context.Context, r *player.Remote) (report.Values, error) {
	half := s.streamed() / 2
	began := time.Now()
	if err := r.Say("go"); err != nil {
		return nil, err
	}
	if err := r.Read(ctx, firstRead); err != nil {
		return nil, err
	}
	first := time.Since(began)
	result, err := mediaPlayer.Play(ctx, r, min(beforeSeek, s.play), half-firstRead)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	if err := r.Seek(ctx, half); err != nil {
		return nil, err
	}
	if err := r.Read(ctx, firstRead); err != nil {
		return nil, err
	}
	seek := time.Since(began)
	before, err := r.Loaded(ctx)
	if err != nil {
		return nil, err
	}
	began = time.Now()
	later, err := mediaPlayer.Play(ctx, r, s.play, half-firstRead)
	if err != nil {
		return nil, err
	}
	rate, err := rateSince(ctx, r, began, before)
	result.Add(later)
	return report.Values{
		report.FirstMiB: first.Seconds(),
		report.Seek:     seek.Seconds(),
		report.Stalls:   float64(result.Stalls),
		report.Stalled:  result.Stalled.Seconds(),
		report.Longest:  result.Longest.Seconds(),
		report.Rate:     rate,
	}, err
}

// download downloads without a reader.
func (s streaming) download(ctx context.Context, r *player.Remote) (report.Values, error) {
	if err := r.Say("go"); err != nil {
		return nil, err
	}
	if err := pause(ctx, min(pauseBefore, s.play)); err != nil {
		return nil, err
	}
	before, err := r.Loaded(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := pause(ctx, min(withoutRead, s.play)); err != nil {
		return nil, err
	}
	rate, err := rateSince(ctx, r, began, before)
	return report.Values{report.Rate: rate}, err
}

// rateSince returns the MiB that were downloaded each second since a time at which before bytes
// were there.
func rateSince(ctx context.Context, r *player.Remote, began time.Time, before int64) (float64, error) {
	now, err := r.Loaded(ctx)
	return mib(now-before) / time.Since(began).Seconds(), err
}

// streamed returns the bytes of the file that is played.
func (r *runner) streamed() int64 { return 2 * r.size }

// prepareStreamed makes the file and its torrents.
func (r *runner) prepareStreamed(ctx context.Context) error {
	need := r.streamed() + r.streamed()/2 + slack
	if free, ok := freeSpace(r.dir); ok && free < need {
		return fmt.Errorf("%s has %d MiB free, and %d MiB are needed to play a file: give a smaller -size or another -tmp", r.dir, free>>20, need>>20)
	}
	fmt.Fprintf(r.log, "making %d MiB of content to play in %s\n", r.streamed()>>20, r.dir)
	return r.run(ctx, "prepare-stream", "-size", r.streamed(), r.dir)
}

// prepareStream is the part that makes the file and its torrents.
func prepareStream(p *child.Parent, args []string) error {
	var flags flag.FlagSet
	size := flags.Int64("size", 4<<30, "bytes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return with(flags.Args(), 1, func(a []string) error {
		torrents := map[string]content.Info{}
		for mebibytes, name := range streamedTorrents {
			torrents[name] = content.Info{Name: streamedName, Length: *size, PieceLength: int64(mebibytes) << 20}
		}
		return makeContent(p, a[0], streamedName, *size, torrents)
	})
}
