package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Options say how a browser is started.
type Options struct {
	// Command is the program, and the arguments before the browser's own, such as
	// "ip netns exec NAME chromium".
	Command []string
	// Dir is a folder for the profile. The caller deletes it after Close.
	Dir string
	// Hosts are the names and addresses that pages may be of. All others are not found.
	Hosts []string
	// Output gets what the browser prints. Nil drops it.
	Output io.Writer
	// Start starts the process. Nil is its own method Start.
	Start func(*exec.Cmd) error
}

// A Browser is a process of Chromium without a window.
type Browser struct {
	cmd  *exec.Cmd
	conn *conn
	in   *os.File      // our end of what it reads
	done chan struct{} // closed when the process and the reader have ended
	err  error         // how the process ended; to be read after done

	mu    sync.Mutex
	pages map[string]*Page // by session
}

// Start starts a browser.
func Start(o Options) (*Browser, error) {
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	defer theirIn.Close()
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		ourOut.Close()
		return nil, fmt.Errorf("browser: %w", err)
	}
	defer theirOut.Close()
	b := &Browser{in: ourOut, done: make(chan struct{}), pages: make(map[string]*Page)}
	b.cmd = exec.Command(o.Command[0], append(o.Command[1:len(o.Command):len(o.Command)], flags(o)...)...)
	b.cmd.Stdout, b.cmd.Stderr = o.Output, o.Output
	b.cmd.Env = append(os.Environ(), "HOME="+o.Dir, "XDG_CONFIG_HOME="+o.Dir, "XDG_CACHE_HOME="+o.Dir)
	b.cmd.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	start := o.Start
	if start == nil {
		start = (*exec.Cmd).Start
	}
	if err := start(b.cmd); err != nil {
		ourIn.Close()
		ourOut.Close()
		return nil, fmt.Errorf("browser: %w", err)
	}
	b.conn = newConn(ourOut, b.event)
	go func() {
		defer close(b.done)
		b.conn.read(ourIn)
		ourIn.Close()
		b.err = b.cmd.Wait()
	}()
	return b, nil
}

// Close asks the browser to end, and kills it when ctx is done. It returns after the process has ended.
func (b *Browser) Close(ctx context.Context) error {
	err := b.conn.call(ctx, "", "Browser.close", struct{}{}, nil)
	b.in.Close() // it ends by that too
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		b.cmd.Process.Kill()
		<-b.done
		return fmt.Errorf("browser: it did not end by itself: %w", errors.Join(err, b.err))
	}
}

// Open opens a page in a new tab, and waits until everything in it is loaded. The page is there also
// after a *NavigationError, which says that the browser did not show what it got: the server does not
// answer, say, or it sends a file to be saved.
func (b *Browser) Open(ctx context.Context, url string) (*Page, error) {
	var target struct{ TargetID string }
	if err := b.conn.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	session, err := b.attach(ctx, target.TargetID)
	if err != nil {
		return nil, err
	}
	// What a server sends to be saved is dropped.
	if err := b.conn.call(ctx, "", "Browser.setDownloadBehavior", map[string]any{"behavior": "deny"}, nil); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	p := &Page{browser: b, target: target.TargetID, session: session, loaded: make(chan struct{}, 1)}
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, method := range []string{"Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "Page.bringToFront"} {
		if err := p.call(ctx, method, struct{}{}, nil); err != nil {
			return nil, fmt.Errorf("browser: %w", err)
		}
	}
	return p, p.Navigate(ctx, url)
}

// attach returns a session with a target.
func (b *Browser) attach(ctx context.Context, target string) (session string, err error) {
	var answer struct{ SessionID string }
	params := map[string]any{"targetId": target, "flatten": true}
	if err := b.conn.call(ctx, "", "Target.attachToTarget", params, &answer); err != nil {
		return "", fmt.Errorf("browser: %w", err)
	}
	return answer.SessionID, nil
}

// event hands on what the browser reports of a page.
func (b *Browser) event(m message) {
	b.mu.Lock()
	p := b.pages[m.Session]
	b.mu.Unlock()
	if p != nil {
		p.event(m)
	}
}

// flags returns the browser's own arguments.
func flags(o Options) []string {
	rules := "MAP * ~NOTFOUND"
	for _, host := range o.Hosts {
		rules += " , EXCLUDE " + host
	}
	all := []string{
		"--headless",
		"--remote-debugging-pipe",
		"--user-data-dir=" + o.Dir,
		"--window-size=1000,900",
		"--lang=en",
		"--mute-audio",
		"--disable-gpu",
		"--disable-dev-shm-usage",
		"--no-first-run",
		"--no-default-browser-check",
		"--no-pings",
		"--no-proxy-server",
		"--host-resolver-rules=" + rules,
		"--disable-background-networking",
		"--disable-breakpad",
		"--disable-client-side-phishing-detection",
		"--disable-component-update",
		"--disable-crash-reporter",
		"--disable-default-apps",
		"--disable-domain-reliability",
		"--disable-extensions",
		"--disable-quic",
		"--disable-sync",
		"--disable-features=MediaRouter,OptimizationHints,Translate,AutofillServerCommunication",
		"--metrics-recording-only",
	}
	if os.Geteuid() == 0 {
		all = append(all, "--no-sandbox") // it refuses root otherwise
	}
	return all
}

// decode reads the parameters of an event.
func decode[T any](m message) (v T) {
	json.Unmarshal(m.Params, &v)
	return v
}
