package mse

import (
	"bytes"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
)

const (
	maxPad      = 512 // bytes of each padding
	constantLen = 8   // bytes of the verification constant, which are zero
	hashLen     = 20
)

// An exchange is one of the two sides that agree upon a payload.
type exchange struct {
	Encryption
	conn    net.Conn
	random  io.Reader
	in, out *rc4.Cipher
}

// initiate is the side that dialed. The steps are those of the specification.
func (x *exchange) initiate(id [20]byte, first []byte) (*Conn, error) {
	// 1: our public key, and padding.
	private, err := newPrivateKey(x.random)
	if err != nil {
		return nil, err
	}
	hello, err := x.hello(private)
	if err != nil {
		return nil, err
	}
	wait := x.writeWhileReading(hello)
	// 2: the peer's public key.
	theirs, err := x.readKey()
	err = wait(err)
	if err != nil {
		return nil, err
	}
	// 3: the torrent, what we offer, and the first bytes.
	secret := private.secret(theirs)
	err = x.begin(secret, id, "keyB", "keyA")
	if err != nil {
		return nil, err
	}
	offer, err := x.offer(secret, id, first)
	if err != nil {
		return nil, err
	}
	_, err = x.conn.Write(offer)
	if err != nil {
		return nil, err
	}
	// 4: padding, and what the peer selected.
	selected, err := x.readSelected()
	if err != nil {
		return nil, err
	}
	return newConn(x, selected, nil), nil
}

// accept is the side that was dialed.
func (x *exchange) accept(find func(mark [20]byte) (id [20]byte, ok bool)) (*Conn, error) {
	// 1: the peer's public key.
	theirs, err := x.readKey()
	if err != nil {
		return nil, err
	}
	// 2: our public key, and padding.
	private, err := newPrivateKey(x.random)
	if err != nil {
		return nil, err
	}
	hello, err := x.hello(private)
	if err != nil {
		return nil, err
	}
	wait := x.writeWhileReading(hello)
	// 3: padding, the torrent, what the peer offers, and its first bytes.
	selected, first, err := x.readOffer(private, theirs, find)
	err = wait(err)
	if err != nil {
		return nil, err
	}
	// 4: what we select.
	answer, err := x.appendFields(nil, uint32(selected))
	if err != nil {
		return nil, err
	}
	x.out.XORKeyStream(answer, answer)
	_, err = x.conn.Write(answer)
	if err != nil {
		return nil, err
	}
	return newConn(x, selected, first), nil
}

// hello returns the first message of either side.
func (x *exchange) hello(private privateKey) ([]byte, error) {
	public := private.public()
	pad, err := x.pad()
	return append(public[:], pad...), err
}

// pad returns random bytes, up to maxPad.
func (x *exchange) pad() ([]byte, error) {
	var n [2]byte
	_, err := io.ReadFull(x.random, n[:])
	if err != nil {
		return nil, err
	}
	pad := make([]byte, int(binary.BigEndian.Uint16(n[:]))%(maxPad+1))
	_, err = io.ReadFull(x.random, pad)
	return pad, err
}

// readKey reads the peer's public key.
func (x *exchange) readKey() (key publicKey, err error) {
	_, err = io.ReadFull(x.conn, key[:])
	if err == nil && key.isDegenerate() {
		err = errDegenerate
	}
	return key, err
}

// begin begins the key streams.
func (x *exchange) begin(secret [keyLen]byte, id [20]byte, in, out string) (err error) {
	x.in, err = newCipher(in, secret, id)
	if err != nil {
		return err
	}
	x.out, err = newCipher(out, secret, id)
	return err
}

// offer returns the initiator's second message.
func (x *exchange) offer(secret [keyLen]byte, id [20]byte, first []byte) ([]byte, error) {
	req1 := hash("req1", secret[:])
	named := hidden(x.Mark(id), secret)
	b, err := x.appendFields(append(req1[:], named[:]...), uint32(x.payloads()))
	if err != nil {
		return nil, err
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(first)))
	b = append(b, first...)
	x.out.XORKeyStream(b[2*hashLen:], b[2*hashLen:])
	return b, nil
}

// hidden returns a Mark as it is sent, and of one that was sent the Mark.
func hidden(mark [20]byte, secret [keyLen]byte) [20]byte {
	req3 := hash("req3", secret[:])
	for i := range mark {
		mark[i] ^= req3[i]
	}
	return mark
}

// appendFields appends what both sides send encrypted: the verification constant, the payloads,
// and padding. The padding is random, as that of libtorrent.
func (x *exchange) appendFields(b []byte, payloads uint32) ([]byte, error) {
	pad, err := x.pad()
	b = append(b, make([]byte, constantLen)...)
	b = binary.BigEndian.AppendUint32(b, payloads)
	b = binary.BigEndian.AppendUint16(b, uint16(len(pad)))
	return append(b, pad...), err
}

// readSelected reads the accepting side's second message, behind the padding of its first one.
func (x *exchange) readSelected() (Payload, error) {
	var constant [constantLen]byte
	x.in.XORKeyStream(constant[:], constant[:])
	var start [constantLen]byte
	_, err := io.ReadFull(x.conn, start[:])
	if err != nil {
		return 0, err
	}
	rest, err := x.sync(start[:], constant[:], 6)
	if err != nil {
		return 0, err
	}
	x.in.XORKeyStream(rest, rest)
	selected := Payload(binary.BigEndian.Uint32(rest))
	if (selected != Plain && selected != RC4) || selected&x.payloads() == 0 {
		return 0, errSelected
	}
	_, err = x.readPad(rest[4:], 0)
	return selected, err
}

// readOffer reads the initiator's second message, behind the padding of its first one. The secret is
// calculated when there is something to search, so that one who only sends a key costs less.
func (x *exchange) readOffer(private privateKey, theirs publicKey, find func([20]byte) ([20]byte, bool)) (selected Payload, first []byte, err error) {
	var start [hashLen]byte
	_, err = io.ReadFull(x.conn, start[:])
	if err != nil {
		return 0, nil, err
	}
	secret := private.secret(theirs)
	req1 := hash("req1", secret[:])
	rest, err := x.sync(start[:], req1[:], hashLen+constantLen+6)
	if err != nil {
		return 0, nil, err
	}
	id, ok := find(hidden([20]byte(rest), secret))
	if !ok {
		return 0, nil, ErrUnknown
	}
	err = x.begin(secret, id, "keyA", "keyB")
	if err != nil {
		return 0, nil, err
	}
	rest = rest[hashLen:]
	x.in.XORKeyStream(rest, rest)
	if [constantLen]byte(rest) != [constantLen]byte{} {
		return 0, nil, errConstant
	}
	rest = rest[constantLen:]
	selected = x.choose(Payload(binary.BigEndian.Uint32(rest)))
	if selected == 0 {
		return 0, nil, errOffer
	}
	length, err := x.readPad(rest[4:], 2)
	if err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint16(length))
	if n > MaxFirst {
		return 0, nil, errFirst
	}
	first, err = x.readEncrypted(n)
	return selected, first, err
}

// sync searches for mark, which follows up to maxPad bytes of padding, and returns the rest bytes
// behind it, as they are. It never reads beyond those, because what follows may be for others
// to read from the connection. start are the bytes that were read already, no more than mark has.
func (x *exchange) sync(start, mark []byte, rest int) ([]byte, error) {
	end := maxPad + len(mark) // of the search
	buf := make([]byte, 0, end+rest)
	buf = append(buf, start...)
	for {
		at := bytes.Index(buf, mark)
		if at >= 0 {
			read := len(buf)
			buf = buf[:at+len(mark)+rest]
			_, err := io.ReadFull(x.conn, buf[read:])
			return buf[at+len(mark):], err
		}
		kept := overlap(buf, mark)
		if len(buf) == end {
			return nil, errNoSync
		}
		// What is missing of the mark, and rest, must still come.
		read := len(buf)
		buf = buf[:min(read-kept+len(mark)+rest, end)]
		_, err := io.ReadFull(x.conn, buf[read:])
		if err != nil {
			return nil, err
		}
	}
}

// overlap returns how many of the last bytes of buf may be the first ones of mark.
func overlap(buf, mark []byte) int {
	n := min(len(buf), len(mark)-1)
	for !bytes.HasPrefix(mark, buf[len(buf)-n:]) {
		n--
	}
	return n
}

// readPad reads as many bytes of padding as length says, and returns the n bytes that follow it.
func (x *exchange) readPad(length []byte, n int) ([]byte, error) {
	pad := int(binary.BigEndian.Uint16(length))
	if pad > maxPad {
		return nil, errPad
	}
	b, err := x.readEncrypted(pad + n)
	if err != nil {
		return nil, err
	}
	return b[pad:], nil
}

// readEncrypted reads n bytes and decrypts them.
func (x *exchange) readEncrypted(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(x.conn, b)
	x.in.XORKeyStream(b, b)
	return b, err
}

// writeWhileReading writes b while the caller reads, because both sides may send padding at once, and
// on a connection without a buffer, such as net.Pipe, each would wait for the other. The caller
// reports how its reading ended to wait, which returns the error of the two.
func (x *exchange) writeWhileReading(b []byte) (wait func(error) error) {
	written := make(chan error, 1)
	go func() {
		_, err := x.conn.Write(b)
		if err != nil {
			x.conn.SetReadDeadline(past)
		}
		written <- err
	}()
	return func(readErr error) error {
		if readErr != nil {
			x.conn.SetWriteDeadline(past)
		}
		writeErr := <-written
		readFailed := readErr != nil && !errors.Is(readErr, os.ErrDeadlineExceeded)
		if writeErr == nil || readFailed {
			return readErr
		}
		return writeErr
	}
}
