package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxMessage is the most that one message may have, in bytes. A screenshot has a few MiB at most.
const maxMessage = 32 << 20

// errTooLong is why a connection ends whose other side sends no NUL.
var errTooLong = errors.New("a message is too long")

// A message is a command, an answer to one, or an event.
type message struct {
	ID      int             `json:"id,omitempty"` // of a command and its answer; an event has none
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"` // of a command or an event
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Error          `json:"error,omitempty"`
}

// An Error is what the browser answers to a command that it cannot carry out.
type Error struct {
	Method  string `json:"-"` // of the command
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Method, e.Message) }

// A conn sends commands and hands on what is answered.
type conn struct {
	onEvent func(message) // called in order, by the goroutine that reads

	writing sync.Mutex // held while a message is written
	w       io.Writer

	mu      sync.Mutex
	last    int                     // ID of the last command
	waiting map[int]chan<- *message // by ID
	err     error                   // why the connection ended
}

func newConn(w io.Writer, onEvent func(message)) *conn {
	return &conn{w: w, onEvent: onEvent, waiting: make(map[int]chan<- *message)}
}

// read hands on messages until r ends. Then it ends all calls.
func (c *conn) read(r io.Reader) error {
	err := readMessages(r, c.deliver)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = fmt.Errorf("the browser closed the connection: %w", err)
	for _, w := range c.waiting {
		close(w)
	}
	c.waiting = nil
	return err
}

// readMessages calls f with each message of r, until r ends or one of them is wrong.
func readMessages(r io.Reader, f func(message)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var b []byte
	for {
		part, err := in.ReadSlice(0)
		if len(b)+len(part) > maxMessage {
			return errTooLong
		}
		b = append(b, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return err
		}
		var m message
		if err := json.Unmarshal(b[:len(b)-1], &m); err != nil {
			return err
		}
		f(m)
		b = b[:0]
	}
}

// deliver gives an answer to the call that waits for it, and an event to onEvent.
func (c *conn) deliver(m message) {
	if m.ID == 0 {
		c.onEvent(m)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if w, ok := c.waiting[m.ID]; ok {
		delete(c.waiting, m.ID)
		w <- &m // it has room for one
	}
}

// call sends a command and stores the answer in result, unless that is nil.
func (c *conn) call(ctx context.Context, session, method string, params, result any) error {
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	answer := make(chan *message, 1)
	id, err := c.expect(answer)
	if err != nil {
		return err
	}
	defer c.forget(id)
	if err := c.send(message{ID: id, Session: session, Method: method, Params: raw}); err != nil {
		return err
	}
	select {
	case m, ok := <-answer:
		if !ok {
			return c.reason()
		}
		if m.Error != nil {
			m.Error.Method = method
			return m.Error
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
}

// expect returns the ID of a new command.
func (c *conn) expect(answer chan<- *message) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.last++
	c.waiting[c.last] = answer
	return c.last, nil
}

func (c *conn) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

func (c *conn) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *conn) send(m message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err = c.w.Write(append(b, 0))
	return err
}
