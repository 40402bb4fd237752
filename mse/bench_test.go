package mse

import (
	"crypto/rc4"
	"io"
	"net"
	"testing"
)

// BenchmarkExchange is one exchange over loopback, both sides of it.
func BenchmarkExchange(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a, c, err := tcpPipe()
		if err != nil {
			b.Fatal(err)
		}
		_, _, err = secure(a, c, Encryption{}, make([]byte, 68))
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
		c.Close()
	}
}

// BenchmarkConnect is what of BenchmarkExchange is no exchange.
func BenchmarkConnect(b *testing.B) {
	for b.Loop() {
		a, c, err := tcpPipe()
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
		c.Close()
	}
}

// BenchmarkKeys is what one side calculates.
func BenchmarkKeys(b *testing.B) {
	theirs := number(-3)
	random := fixed{}
	for b.Loop() {
		k, err := newPrivateKey(random)
		if err != nil {
			b.Fatal(err)
		}
		public := k.public()
		if public.isDegenerate() {
			b.Fatal("degenerate")
		}
		k.secret(theirs)
	}
}

// fixed is a source of random bytes that are always the same.
type fixed struct{}

func (fixed) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(151*i + 77)
	}
	return len(p), nil
}

// chunk is how much the engine writes at once, at most.
const chunk = 256 << 10

// BenchmarkRC4 is what the payload costs at least, for one direction.
func BenchmarkRC4(b *testing.B) {
	c, err := rc4.NewCipher(make([]byte, 20))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, chunk)
	b.SetBytes(chunk)
	for b.Loop() {
		c.XORKeyStream(buf, buf)
	}
}

// nowhere is a connection that takes and brings any bytes at once.
type nowhere struct{ net.Conn }

func (nowhere) Read(p []byte) (int, error)  { return len(p), nil }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// rc4Conn returns a Conn over nowhere.
func rc4Conn(b *testing.B) *Conn {
	x := exchange{conn: nowhere{}}
	err := x.begin([keyLen]byte{}, torrent, "keyA", "keyB")
	if err != nil {
		b.Fatal(err)
	}
	return newConn(&x, RC4, nil)
}

// BenchmarkRead and BenchmarkWrite are to be compared with BenchmarkRC4.
func BenchmarkRead(b *testing.B)  { transfer(b, rc4Conn(b).Read) }
func BenchmarkWrite(b *testing.B) { transfer(b, rc4Conn(b).Write) }

func transfer(b *testing.B, f func([]byte) (int, error)) {
	buf := make([]byte, chunk)
	b.SetBytes(chunk)
	b.ReportAllocs()
	for b.Loop() {
		_, err := f(buf)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSmallWrite is a request for a block.
func BenchmarkSmallWrite(b *testing.B) {
	c := rc4Conn(b)
	buf := make([]byte, 17)
	b.ReportAllocs()
	for b.Loop() {
		_, err := c.Write(buf)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoopback is a transfer over TCP with large buffers, by each payload.
func BenchmarkLoopback(b *testing.B) {
	for _, payload := range []Payload{Plain, RC4} {
		b.Run(payload.String(), func(b *testing.B) {
			a, c, err := tcpPipe()
			if err != nil {
				b.Fatal(err)
			}
			ca, cb, err := secure(a, c, Encryption{Payloads: payload}, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer ca.Close()
			go func() {
				buf := make([]byte, chunk)
				for {
					_, err := cb.Write(buf)
					if err != nil {
						return
					}
				}
			}()
			buf := make([]byte, chunk)
			b.SetBytes(chunk)
			for b.Loop() {
				_, err := io.ReadFull(ca, buf)
				if err != nil {
					b.Fatal(err)
				}
			}
			cb.Close()
		})
	}
}
