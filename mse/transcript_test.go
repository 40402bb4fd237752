package mse

import (
	"bytes"
	"encoding/hex"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A transcript is a case of testdata/transcripts.txt, which says what its lines are.
type transcript struct {
	name  string
	lines map[string][]byte
}

// transcripts reads the cases.
func transcripts(t *testing.T) (all []transcript) {
	text, err := os.ReadFile("testdata/transcripts.txt")
	require.NoError(t, err)
	_, text, _ = bytes.Cut(text, []byte("\n\n")) // the explanation
	for c := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		tr := transcript{lines: make(map[string][]byte)}
		for line := range strings.Lines(c) {
			line = strings.TrimSuffix(line, "\n")
			name, isName := strings.CutPrefix(line, "# ")
			if isName {
				tr.name = name
				continue
			}
			at := strings.LastIndexByte(line, ' ')
			b, err := hex.DecodeString(line[at+1:])
			require.NoError(t, err, line)
			tr.lines[line[:at]] = b
		}
		all = append(all, tr)
	}
	require.Len(t, all, 4)
	return all
}

// payloads returns what the initiator offers in a case, and what is selected.
func (tr transcript) payloads() (offered, selected Payload) {
	switch tr.name {
	case "RC4, all kinds of padding":
		return Plain | RC4, RC4
	case "plain, no padding":
		return Plain, Plain
	case "RC4, no first bytes, most padding":
		return RC4, RC4
	}
	return Plain | RC4, Plain
}

// played is one side of a recorded connection: it reads what the other side sent, in pieces of at
// most step bytes, and notes what is written.
type played struct {
	net.Conn
	in   bytes.Reader
	step int
	out  bytes.Buffer
}

func newPlayed(step int, in ...[]byte) *played {
	p := &played{step: step}
	p.in.Reset(bytes.Join(in, nil))
	return p
}

func (p *played) Read(b []byte) (int, error)  { return p.in.Read(b[:min(p.step, len(b))]) }
func (p *played) Write(b []byte) (int, error) { return p.out.Write(b) }

func (p *played) SetDeadline(time.Time) error      { return nil }
func (p *played) SetReadDeadline(time.Time) error  { return nil }
func (p *played) SetWriteDeadline(time.Time) error { return nil }

// play has a Conn write, and read all that is left.
func play(t *testing.T, c *Conn, write []byte) (read []byte) {
	_, err := c.Write(write)
	require.NoError(t, err)
	read, err = io.ReadAll(c)
	require.NoError(t, err)
	return read
}

// Both sides send and understand exactly what was recorded, whatever a single read brings.
func TestTranscripts(t *testing.T) {
	for _, tr := range transcripts(t) {
		l := tr.lines
		offered, selected := tr.payloads()
		for _, step := range []int{1, 7, 1 << 20} {
			t.Run(tr.name, func(t *testing.T) {
				p := newPlayed(step, l["< 2"], l["< 4"], l["< payload"])
				x := exchange{Encryption: Encryption{Payloads: offered}, conn: p, random: bytes.NewReader(l["initiator random"])}
				c, err := x.initiate([20]byte(l["id"]), l["first"])
				require.NoError(t, err)
				require.Equal(t, selected, c.Payload())
				require.Equal(t, l["answer"], play(t, c, l["more"]))
				require.Equal(t, join(l, "> 1", "> 3", "> payload"), p.out.Bytes())
			})
			t.Run(tr.name+", accepted", func(t *testing.T) {
				p := newPlayed(step, l["> 1"], l["> 3"], l["> payload"])
				x := exchange{Encryption: Encryption{PreferRC4: selected == RC4}, conn: p, random: bytes.NewReader(l["acceptor random"])}
				c, err := x.accept(func(mark [20]byte) ([20]byte, bool) {
					id := [20]byte(l["id"])
					return id, mark == x.Mark(id)
				})
				require.NoError(t, err)
				require.Equal(t, selected, c.Payload())
				require.Equal(t, join(l, "first", "more"), play(t, c, l["answer"]))
				require.Equal(t, join(l, "< 2", "< 4", "< payload"), p.out.Bytes())
			})
		}
	}
}

// Nothing is read that follows the exchange, so that a plain payload can be read from the connection
// itself.
func TestReadsNoFurther(t *testing.T) {
	for _, tr := range transcripts(t) {
		l := tr.lines
		offered, _ := tr.payloads()
		p := newPlayed(1<<20, l["< 2"], l["< 4"], l["< payload"])
		x := exchange{Encryption: Encryption{Payloads: offered}, conn: p, random: bytes.NewReader(l["initiator random"])}
		_, err := x.initiate([20]byte(l["id"]), l["first"])
		require.NoError(t, err)
		require.Equal(t, len(l["< payload"]), p.in.Len())

		p = newPlayed(1<<20, l["> 1"], l["> 3"], l["> payload"])
		x = exchange{conn: p, random: bytes.NewReader(l["acceptor random"])}
		_, err = x.accept(func([20]byte) ([20]byte, bool) { return [20]byte(l["id"]), true })
		require.NoError(t, err)
		require.Equal(t, len(l["> payload"]), p.in.Len())
	}
}

// join returns lines of a case, one behind the other.
func join(l map[string][]byte, names ...string) (all []byte) {
	for _, n := range names {
		all = append(all, l[n]...)
	}
	return all
}
