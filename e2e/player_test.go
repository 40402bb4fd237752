package e2e

import (
	"fmt"
	"testing"

	"github.com/shoal-bt/shoal/e2e/internal/browser"
	"github.com/stretchr/testify/require"
)

// A player is the first video of a page.
type player struct{ page *browser.Page }

// eval evaluates a script that calls the video v, and stores its value in result unless that is nil.
func (p player) eval(t *testing.T, script string, result any) {
	t.Helper()
	var state string
	err := p.page.Eval(within(t), `(() => { const v = document.querySelector("video"); return `+script+` })()`, result)
	if err != nil {
		p.page.Eval(within(t), `(() => {
			const v = document.querySelector("video");
			if (!v) return "there is no video";
			const buffered = [...Array(v.buffered.length).keys()].map(i => v.buffered.start(i) + "-" + v.buffered.end(i));
			return JSON.stringify({src: v.currentSrc, time: v.currentTime, paused: v.paused, ready: v.readyState, network: v.networkState, error: v.error && v.error.message, buffered});
		})()`, &state)
	}
	require.NoError(t, err, "%s; the page said %q", state, p.page.Notes())
}

// awaitTime waits until the video has played up to a time, in seconds.
func (p player) awaitTime(t *testing.T, seconds float64) {
	t.Helper()
	p.eval(t, fmt.Sprintf(`new Promise((resolve, reject) => {
		const check = () => { if (!v.seeking && v.currentTime >= %g) resolve(); };
		v.addEventListener("timeupdate", check);
		v.addEventListener("error", () => reject(new Error(v.error.message)));
		if (v.error) reject(new Error(v.error.message));
		check();
	})`, seconds), nil)
}

// seek moves to a time, in seconds. It does not wait for what is there.
func (p player) seek(t *testing.T, seconds float64) {
	t.Helper()
	p.eval(t, fmt.Sprintf("void (v.currentTime = %g)", seconds), nil)
}

// pictureTime returns the time that the picture is of, as its mark shows, and the time that the
// player thinks it is at, in seconds.
func (p player) pictureTime(t *testing.T) (shown, claimed float64) {
	t.Helper()
	var answer struct {
		Left, Time float64
		Marked     int
	}
	p.eval(t, `(() => {
		const c = document.createElement("canvas");
		c.width = v.videoWidth; c.height = v.videoHeight;
		const context = c.getContext("2d");
		context.drawImage(v, 0, 0);
		const row = context.getImageData(0, 12, c.width, 1).data;
		const marked = [...Array(c.width).keys()].filter(x => row[4 * x] > 128);
		return {left: marked[0], marked: marked.length, time: v.currentTime};
	})()`, &answer)
	require.InDelta(t, filmMark, answer.Marked, 4, "the picture is not of the film: %+v", answer)
	return answer.Left / filmSpeed, answer.Time
}

// subtitles waits until the first subtitles of the video are loaded, and returns their text.
func (p player) subtitles(t *testing.T) (lines []string) {
	t.Helper()
	p.eval(t, `new Promise((resolve, reject) => {
		const e = v.querySelector("track");
		if (!e) reject(new Error("there is no track"));
		const cues = () => resolve([...e.track.cues].map(c => c.getCueAsHTML().textContent));
		e.addEventListener("load", cues);
		e.addEventListener("error", () => reject(new Error("the track does not load")));
		if (e.readyState === HTMLTrackElement.LOADED) cues();
		e.track.mode = "showing";
	})`, &lines)
	return lines
}
