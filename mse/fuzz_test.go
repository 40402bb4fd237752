package mse

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"
)

// maxRead is the number of bytes that Accept reads at most.
const maxRead = keyLen + maxPad + 2*hashLen + constantLen + 6 + maxPad + 2 + MaxFirst

// bare runs a side with bytes of which nothing is right but by chance.
func bare(f *testing.F, side func(x *exchange) (*Conn, error)) {
	f.Add([]byte{})
	f.Add([]byte("\x13BitTorrent protocol"))
	f.Add(bytes.Repeat([]byte{1}, 700))
	f.Fuzz(func(t *testing.T, in []byte) {
		p := newPlayed(len(in)+1, in)
		x := &exchange{conn: p, random: rand.NewChaCha8([32]byte{})}
		c, err := side(x)
		checkSide(t, p, len(in), c, err)
	})
}

// checkSide checks what holds for every input of n bytes: a Conn or an error comes out, no more
// was read than allowed, and of a Conn all can be read that followed.
func checkSide(t *testing.T, p *played, n int, c *Conn, err error) {
	if (c == nil) != (err != nil) {
		t.Fatal("neither a connection nor an error, or both")
	}
	if read := n - p.in.Len(); read > maxRead {
		t.Fatalf("read %d bytes", read)
	}
	if p.out.Len() > maxRead {
		t.Fatalf("wrote %d bytes", p.out.Len())
	}
	if c == nil {
		return
	}
	left := p.in.Len() + len(c.read.first)
	b, err := io.ReadAll(c)
	if err != nil || len(b) != left {
		t.Fatalf("read %d of %d bytes: %v", len(b), left, err)
	}
}

func FuzzAcceptBytes(f *testing.F) {
	bare(f, func(x *exchange) (*Conn, error) { return x.accept(knows) })
}

func FuzzInitiateBytes(f *testing.F) {
	bare(f, func(x *exchange) (*Conn, error) { return x.initiate(torrent, []byte("first")) })
}

// FuzzAccept has an initiator that knows the secret, so that what is encrypted is reached: padding,
// the torrent that it names, and then any fields.
func FuzzAccept(f *testing.F) {
	f.Add([]byte("pad"), true, fields(3, 0, 0, 0))
	f.Add([]byte{}, true, append(fields(2, 5, 'a', 'b', 'c', 'd', 'e', 0, 5), "first, and what follows"...))
	f.Add(make([]byte, 512), true, fields(1, 512))
	f.Add([]byte{1}, false, fields(1, 0))
	f.Fuzz(func(t *testing.T, pad []byte, named bool, inner []byte) {
		private, _ := newPrivateKey(fixedKey())
		random := rand.NewChaCha8([32]byte{})
		theirs, _ := newPrivateKey(rand.NewChaCha8([32]byte{})) // of the side under test
		l := liar{secret: private.secret(theirs.public())}
		if l.begin(l.secret, torrent, "keyB", "keyA") != nil {
			t.Skip()
		}
		id := torrent
		if !named {
			id[0]++
		}
		public := private.public()
		in := append(public[:], pad...)
		in = append(in, l.names(id)...)
		l.out.XORKeyStream(inner, bytes.Clone(inner))
		in = append(in, inner...)
		p := newPlayed(1+len(pad), in)
		x := exchange{conn: p, random: random}
		c, err := x.accept(knows)
		checkSide(t, p, len(in), c, err)
		if c != nil && !named {
			t.Fatal("accepted a torrent that is not here")
		}
	})
}

// FuzzInitiate has an accepting side that knows the secret.
func FuzzInitiate(f *testing.F) {
	f.Add([]byte("pad"), fields(2, 0))
	f.Add([]byte{}, append(fields(1, 2, 'p', 'p'), "what follows"...))
	f.Add(make([]byte, 512), fields(2, 512))
	f.Fuzz(func(t *testing.T, pad, inner []byte) {
		private, _ := newPrivateKey(fixedKey())
		theirs, _ := newPrivateKey(rand.NewChaCha8([32]byte{}))
		l := liar{secret: private.secret(theirs.public())}
		if l.begin(l.secret, torrent, "keyA", "keyB") != nil {
			t.Skip()
		}
		public := private.public()
		in := append(public[:], pad...)
		l.out.XORKeyStream(inner, bytes.Clone(inner))
		in = append(in, inner...)
		p := newPlayed(1+len(pad), in)
		x := exchange{conn: p, random: rand.NewChaCha8([32]byte{})}
		c, err := x.initiate(torrent, []byte("first"))
		checkSide(t, p, len(in), c, err)
		if c != nil && c.Payload() != Plain && c.Payload() != RC4 {
			t.Fatalf("selected %v", c.Payload())
		}
	})
}

// fields returns what a side sends encrypted, in clear.
func fields(payloads uint32, pad uint16, more ...byte) []byte {
	b := make([]byte, constantLen)
	b = binary.BigEndian.AppendUint32(b, payloads)
	b = binary.BigEndian.AppendUint16(b, pad)
	return append(b, more...)
}

// fixedKey is the random source of the fuzzer's own private key.
func fixedKey() io.Reader {
	return bytes.NewReader(append(make([]byte, privateLen-1), 77))
}
