package announce

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An httpSender is a connection that stays open.
type httpSender struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	head string // of each request, after the query
}

func dialHTTP(ctx context.Context, from, to netip.AddrPort) (*httpSender, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(from)}
	c, err := d.DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return nil, err
	}
	return &httpSender{conn: c, in: bufio.NewReader(c), head: " HTTP/1.1\r\nHost: " + to.String() + "\r\nUser-Agent: load\r\n\r\n"}, nil
}

func (s *httpSender) close() error { return s.conn.Close() }

// exchange implements sender.
func (s *httpSender) exchange(peers []peer) (answers int, err error) {
	for i := range peers {
		p := &peers[i]
		s.out = append(s.out[:0], "GET /announce?info_hash="...)
		s.out = append(s.out, url.QueryEscape(string(p.swarm[:]))...)
		s.out = append(s.out, "&peer_id="...)
		s.out = append(s.out, url.QueryEscape(string(p.id[:]))...)
		s.out = append(s.out, "&port="...)
		s.out = strconv.AppendUint(s.out, uint64(p.port), 10)
		s.out = append(s.out, "&uploaded=1048576&downloaded=1048576&left=1073741824&compact=1&numwant=50&key=12345"...)
		s.out = append(s.out, s.head...)
		s.conn.SetDeadline(time.Now().Add(20 * patience))
		if _, err := s.conn.Write(s.out); err != nil {
			return answers, err
		}
		if err := s.read(); err != nil {
			return answers, err
		}
		answers++
	}
	return answers, nil
}

// read reads one answer, whose length must be in its header.
func (s *httpSender) read() error {
	r := textproto.NewReader(s.in)
	status, err := r.ReadLine()
	if err != nil {
		return err
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200") {
		return fmt.Errorf("the tracker answered %s %v", status, header)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(s.in, body); err != nil {
		return err
	}
	if strings.Contains(string(body), "failure reason") {
		return fmt.Errorf("the tracker answered %q", body)
	}
	return nil
}
