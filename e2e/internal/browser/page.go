package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// maxNotes bounds what is kept of what a page said.
const maxNotes = 1000

// A Page is a tab.
type Page struct {
	browser         *Browser
	target, session string
	loaded          chan struct{} // holds a token after a load

	mu       sync.Mutex
	notes    []string
	requests []string
}

// A NavigationError says why a page was not opened.
type NavigationError struct{ URL, Text string }

// Error implements error.
func (e *NavigationError) Error() string { return fmt.Sprintf("browser: %s: %s", e.URL, e.Text) }

// A ScriptError is what a script threw.
type ScriptError struct{ Text string }

// Error implements error.
func (e *ScriptError) Error() string { return "browser: script: " + e.Text }

func (p *Page) call(ctx context.Context, method string, params, result any) error {
	return p.browser.conn.call(ctx, p.session, method, params, result)
}

// Navigate leads the tab elsewhere, and waits until everything in the page is loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	select {
	case <-p.loaded: // of the page before
	default:
	}
	var answer struct{ ErrorText string }
	if err := p.call(ctx, "Page.navigate", map[string]any{"url": url}, &answer); err != nil {
		return fmt.Errorf("browser: %w", err)
	}
	if answer.ErrorText != "" {
		return &NavigationError{URL: url, Text: answer.ErrorText}
	}
	return p.Loaded(ctx)
}

// Loaded waits for the next load, such as after a click on a link.
func (p *Page) Loaded(ctx context.Context) error {
	select {
	case <-p.loaded:
		return nil
	case <-p.browser.done:
		return fmt.Errorf("browser: it ended: %w", p.browser.conn.reason())
	case <-ctx.Done():
		return fmt.Errorf("browser: the page does not load: %w", context.Cause(ctx))
	}
}

// Eval evaluates JavaScript in the page, as a user's own script may: sound and video may start. If
// that is a promise, Eval waits for it. The value is stored in result, unless that is nil. What the
// script throws is a *ScriptError.
func (p *Page) Eval(ctx context.Context, script string, result any) error {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true}
	if err := p.call(ctx, "Runtime.evaluate", params, &answer); err != nil {
		return fmt.Errorf("browser: %w", err)
	}
	if e := answer.ExceptionDetails; e != nil {
		return &ScriptError{Text: e.Text + " " + e.Exception.Description}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Result.Value, result); err != nil {
		return fmt.Errorf("browser: the value of the script: %w", err)
	}
	return nil
}

// Click presses the mouse in the middle of the first element that the selector of CSS names, after it
// is scrolled into view.
func (p *Page) Click(ctx context.Context, selector string) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return fmt.Errorf("browser: %w", err)
	}
	var at []float64
	if err := p.Eval(ctx, `(() => {
		const e = document.querySelector(`+string(quoted)+`);
		if (!e) throw new Error("nothing matches");
		e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, &at); err != nil {
		return err
	}
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		params := map[string]any{"type": kind, "x": at[0], "y": at[1]}
		if kind != "mouseMoved" {
			params["button"], params["clickCount"] = "left", 1
		}
		if err := p.call(ctx, "Input.dispatchMouseEvent", params, nil); err != nil {
			return fmt.Errorf("browser: %w", err)
		}
	}
	return nil
}

// Screenshot returns what is seen of the page, as PNG.
func (p *Page) Screenshot(ctx context.Context) ([]byte, error) {
	var answer struct{ Data []byte }
	if err := p.call(ctx, "Page.captureScreenshot", map[string]any{"format": "png"}, &answer); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	return answer.Data, nil
}

// Frames returns the addresses of the frames in the page which show what is there, without those that
// the browser refused to show. No other page may have frames at the same time.
func (p *Page) Frames(ctx context.Context) ([]string, error) {
	shown, err := p.frames(ctx, p.session, false)
	if err != nil {
		return nil, err
	}
	// A frame of another site is a target of its own.
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	if err := p.browser.conn.call(ctx, "", "Target.getTargets", struct{}{}, &targets); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	for _, target := range targets.TargetInfos {
		if target.Type != "iframe" {
			continue
		}
		session, err := p.browser.attach(ctx, target.TargetID)
		if err != nil {
			return nil, err
		}
		more, err := p.frames(ctx, session, true)
		if err != nil {
			return nil, err
		}
		shown = append(shown, more...)
	}
	return shown, nil
}

// frames returns the addresses of the frames that a session has, with or without the outermost one.
func (p *Page) frames(ctx context.Context, session string, outermost bool) (shown []string, err error) {
	type tree struct {
		Frame       struct{ URL, UnreachableURL string }
		ChildFrames []tree
	}
	var answer struct{ FrameTree tree }
	if err := p.browser.conn.call(ctx, session, "Page.getFrameTree", struct{}{}, &answer); err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	all := answer.FrameTree.ChildFrames
	if outermost {
		all = append(all, answer.FrameTree)
	}
	for _, f := range all {
		if f.Frame.UnreachableURL == "" {
			shown = append(shown, f.Frame.URL)
		}
	}
	return shown, nil
}

// Notes returns what the page and its frames said: the text of the console, of errors, of what the
// browser refused, and of dialogs, which are closed. The caller owns the slice.
func (p *Page) Notes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.notes)
}

// Requests returns the addresses that the page asked for. The caller owns the slice.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Close closes the tab.
func (p *Page) Close(ctx context.Context) error {
	p.browser.mu.Lock()
	delete(p.browser.pages, p.session)
	p.browser.mu.Unlock()
	if err := p.browser.conn.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": p.target}, nil); err != nil {
		return fmt.Errorf("browser: %w", err)
	}
	return nil
}

// event takes in what the browser reports of the page. It must not wait for an answer, because the
// goroutine that reads calls it.
func (p *Page) event(m message) {
	switch m.Method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Page.javascriptDialogOpening":
		p.note("dialog: " + decode[struct{ Message string }](m).Message)
		// It ends with the connection at the latest.
		go p.call(context.Background(), "Page.handleJavaScriptDialog", map[string]any{"accept": false}, nil)
	case "Runtime.consoleAPICalled":
		for _, a := range decode[struct{ Args []struct{ Value any } }](m).Args {
			p.note(fmt.Sprintf("console: %v", a.Value))
		}
	case "Runtime.exceptionThrown":
		e := decode[struct {
			ExceptionDetails struct {
				Text      string
				Exception struct{ Description string }
			}
		}](m).ExceptionDetails
		p.note("exception: " + e.Text + " " + e.Exception.Description)
	case "Log.entryAdded":
		p.note("log: " + decode[struct{ Entry struct{ Text string } }](m).Entry.Text)
	case "Network.requestWillBeSent":
		url := decode[struct{ Request struct{ URL string } }](m).Request.URL
		p.mu.Lock()
		if len(p.requests) < maxNotes {
			p.requests = append(p.requests, url)
		}
		p.mu.Unlock()
	}
}

func (p *Page) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.notes) < maxNotes {
		p.notes = append(p.notes, text)
	}
}
