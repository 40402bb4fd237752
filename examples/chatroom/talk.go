package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	maxLine    = 1000 // bytes
	maxName    = 40   // bytes
	maxQueue   = 32   // lines that wait to be sent to one member
	maxRate    = 20   // lines of one member in a second
	greetLimit = 5 * time.Second
	sendLimit  = 10 * time.Second
	idleLimit  = 3 * time.Minute // an empty line each minute says that we are here
)

// A greeting is the first line of each side: "chat", the room, who it is, and its name.
type greeting struct {
	room swarm.ID
	id   string // 16 hexadecimal digits
	name string
}

func (g greeting) String() string { return fmt.Sprintf("chat %s %s %s\n", g.room, g.id, g.name) }

// parseGreeting reads a greeting without its newline.
func parseGreeting(line string) (g greeting, err error) {
	words := strings.SplitN(line, " ", 4)
	if len(words) != 4 || words[0] != "chat" {
		return g, errors.New("this is no greeting")
	}
	room, err := hex.DecodeString(words[1])
	id, errID := hex.DecodeString(words[2])
	g.name = clean(words[3])
	isValid := err == nil && errID == nil && len(room) == len(g.room) && len(id) == 8 && g.name != "" && len(g.name) <= maxName
	if !isValid {
		return g, errors.New("this is no greeting")
	}
	g.room, g.id = swarm.ID(room), hex.EncodeToString(id)
	return g, nil
}

// clean returns a text as one line without what a terminal would obey.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(text)
}

// A member is somebody else in the room, on one connection.
type member struct {
	greeting
	dialed bool // by us
	conn   net.Conn
	lines  *bufio.Scanner

	mu     sync.Mutex
	closed bool
	out    chan string // closed with the member
}

// greet exchanges greetings.
func greet(c net.Conn, me greeting, dialed bool) (*member, error) {
	c.SetDeadline(time.Now().Add(greetLimit))
	_, err := io.WriteString(c, me.String())
	if err != nil {
		return nil, err
	}
	m := &member{dialed: dialed, conn: c, lines: newScanner(c), out: make(chan string, maxQueue)}
	if !m.lines.Scan() {
		return nil, errors.New("there is no greeting")
	}
	m.greeting, err = parseGreeting(m.lines.Text())
	if err == nil && m.room != me.room {
		err = errors.New("it is in another room")
	}
	c.SetDeadline(time.Time{})
	return m, err
}

// newScanner returns a scanner that ends at a line that is too long.
func newScanner(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, maxLine+2), maxLine+2)
	return s
}

// read calls heard with each line until the connection ends, or the member says too much.
func (m *member) read(heard func(text string)) {
	var second time.Time
	count := 0
	for {
		m.conn.SetReadDeadline(time.Now().Add(idleLimit))
		if !m.lines.Scan() {
			return
		}
		now := time.Now()
		if now.Sub(second) >= time.Second {
			second, count = now, 0
		}
		count++
		if count > maxRate {
			return
		}
		text := clean(m.lines.Text())
		if text != "" {
			heard(text)
		}
	}
}

// write sends what waits, and each minute an empty line.
func (m *member) write() {
	defer m.conn.Close()
	for {
		text, ok := "", true
		select {
		case text, ok = <-m.out:
		case <-time.After(time.Minute):
		}
		if !ok {
			return
		}
		m.conn.SetWriteDeadline(time.Now().Add(sendLimit))
		_, err := io.WriteString(m.conn, text+"\n")
		if err != nil {
			return
		}
	}
}

// queue has a line sent, or closes the connection if too many wait.
func (m *member) queue(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	select {
	case m.out <- text[:min(len(text), maxLine)]:
	default:
		m.conn.Close() // which ends read
	}
}

// close ends the connection.
func (m *member) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.out)
	}
	m.conn.Close()
}
