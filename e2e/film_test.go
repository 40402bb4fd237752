package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The film that the tests make. It shows noise, which needs many bytes, below a black bar with a white
// mark that moves to the right, so that a picture says what time it is of.
const (
	filmSeconds = 60
	filmWidth   = 480
	filmMark    = 8    // width of the mark, in pixels
	filmSpeed   = 6    // pixels that the mark moves in a second
	filmLeast   = 40e6 // bytes that it has at least
	filmBitrate = "6M" // bits per second
	filmName    = "A film.webm"
	escapedFilm = "A%20film.webm" // in URLs
)

// filmDir is the folder of the film; TestMain deletes it.
var filmDir string

// makeFilm makes the film once, and returns its path.
var makeFilm = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "shoal-e2e-film-")
	if err != nil {
		return "", err
	}
	filmDir = dir
	name := filepath.Join(dir, filmName)
	picture := fmt.Sprintf("testsrc2=s=%dx270:r=12:d=%d,noise=alls=60:allf=t,drawbox=h=24:color=black:t=fill[a];"+
		"color=white:s=%dx24:r=12[b];[a][b]overlay=x='t*%d':shortest=1,format=yuv420p", filmWidth, filmSeconds, filmMark, filmSpeed)
	sound := fmt.Sprintf("sine=f=440:d=%d", filmSeconds)
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound,
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-16", "-threads", "2", "-g", "24",
		"-b:v", filmBitrate, "-minrate", filmBitrate, "-maxrate", filmBitrate, "-bufsize", filmBitrate,
		"-c:a", "libopus", name).CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return name, nil
})

// film returns the path of the film. Its index is at its end, as ffmpeg writes it.
func film(t *testing.T) string {
	t.Helper()
	needPrograms(t, "ffmpeg", "ffprobe")
	name, err := makeFilm()
	require.NoError(t, err, name)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Greater(t, info.Size(), int64(filmLeast))
	return name
}
