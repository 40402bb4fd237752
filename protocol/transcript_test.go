package protocol

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscripts runs the files of testdata through a State. A line is something that
// happens, the indented lines behind it are what the State does about it, and # begins
// a comment. Nothing runs but the test, so the order is exact. With -update the files are
// rewritten; the difference is to be read like code.
//
// Pieces and blocks are numbers: 1.0 is block 0 of piece 1, and 1.0+100+16 are bytes 100
// to 115 of it. A b behind a number counts blocks of 16 KiB, as in 4b. Peer 2 is at
// 10.0.0.2:6881, with the peer id "p2", unless its line says otherwise. Sets of pieces
// are bits, as in 1101.
//
//	torrent piece 4b length 16b have 1100     starts over with another torrent; other words, in
//	                                          pairs: check BITS, spilled 0:0,1/2:1, memory UNITS,
//	                                          slots N, peers N, idle SECONDS, swarms N, pad 3b+1b,
//	                                          per-addr N, per-network N, kept N (for dialed peers),
//	                                          sections BLOCKS, paused yes, outgoing off, held yes,
//	                                          private yes, upload-only yes, extensions a,b (talkers),
//	                                          super yes, priorities 4407 (one for each piece),
//	                                          deadline PIECE (in a minute), sequential yes,
//	                                          picker plain (neither Prioritizer nor Sequencer)
//	begin                                     Start
//	peer 1 joins fast ext 1101                its handshake is done, then it says what it has;
//	                                          fast and ext are what it understands, dht that it
//	                                          has a node of the DHT; all and none are HAVE ALL
//	                                          and HAVE NONE; id=x, at=10.0.0.9:1
//	peer 1 dialed fast all                    the same, and it was we who dialed
//	peer 1 dialed ext greeted                 the same, and an earlier owner sent our first messages
//	peer 1 sends unchoke, piece 0.0, bad 0.1  what one read brought; "bad" is a piece with wrong
//	                                          bytes; others: have 1, allows 1, suggests 1, bitfield 11,
//	                                          request 0.0, cancel 0.0, reject 0.0, choke, interested,
//	                                          not-interested, have-all, keep-alive, dont-have 1,
//	                                          hello REQQ a=3 (its number of an extension) upload-only,
//	                                          extended 2 TEXT (2 is our number), port 6881
//	peer 1 reads piece 0.0                    its reader has it, but the turn does not yet
//	peer 1 delivers                           now the turn gets what was read
//	peer 1 takes 16384                        its writer sent so many bytes of blocks
//	peer 1 goes                               Gone
//	verdict 0 ok                              the check of piece 0 ends: ok, wrong, error; numbers
//	                                          behind it are the blocks known to be bad
//	hashed 0,1                                sections of pieces 0 and 1 were hashed side by side, and
//	                                          are being written; a verdict ends the oldest write
//	written 0                                 a spill of piece 0 ends; with a word behind it, it failed
//	stored 0,1 0                              pieces 0 and 1 were looked at, and 0 is right
//	stale 0,1                                 the same, from a check before the present one
//	unreadable 0                              piece 0 could not be read
//	checked                                   the check of what is stored ends
//	synced                                    the sync of all pieces ends; with a word behind it, it failed
//	storage-fails                             the Storage met an error outside of what was asked for
//	found 3 seed in=1 by=x                    an address, of a seed, found in swarm 1 by the
//	                                          tracker x; from=9 is the peer that named it;
//	                                          without either a user did
//	asked                                     a source answered without addresses
//	dialed 3                                  dialing address 3 failed
//	refused 3                                 it gave no handshake
//	lost 1 0.0                                block 0.0, promised to peer 1, cannot be read
//	wait 2                                    a call waits for piece 2; for all without a number
//	prioritize 0-2:7 3:0                      pieces 0 to 2 get priority 7, and piece 3 gets 0
//	deadline 2 30 3 none                      piece 2 is needed in 30 s, and piece 3 at no time
//	no-deadlines                              ClearDeadlines
//	sequential on                             pieces are begun by their index; or off
//	wants                                     prints how much is wanted, and how much is missing
//	pause, resume, recheck, close             what users do
//	say 1 a TEXT                              Say, from the extension a to peer 1
//	own 203.0.113.7:1                         peers say by which address they see us
//	dht 6881                                  our node of the DHT listens there; 0 for none
//	announce                                  a user wants more peers
//	ban 3                                     a user bans address 3
//	reclaim                                   Reclaim
//	spilled                                   prints State.Spilled
//	+1m30s                                    time passes, with the Ticks that the State wants
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			old, err := os.ReadFile(file)
			require.NoError(t, err)
			got := replay(t, string(old))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(old), got, "if the new transcript is right, write it by: go test ./protocol -run TestTranscripts -update")
		})
	}
}

// replay carries out the lines of a transcript and returns it with what the State does
// about each.
func replay(t *testing.T, text string) string {
	var out strings.Builder
	var w *world
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(out.String())
		}
	})
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(line, "\t") {
			continue // what the State did last time
		}
		out.WriteString(line + "\n")
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
			continue
		case words[0] == "torrent":
			if w != nil {
				w.finish()
			}
			w = newWorld(t, words[1:])
		default:
			require.NotNil(t, w, "line %d: the first line must make a torrent", i+1)
			w.place = fmt.Sprintf("line %d: %s", i+1, line)
			w.obey(words)
		}
		for _, l := range w.take() {
			out.WriteString("\t" + l + "\n")
		}
		w.check()
	}
	w.finish()
	return out.String()
}
