package torrentsource

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

// LinkAdvice says what to do about a link that cannot be read.
const LinkAdvice = "Check that you copied the whole link, and put it in quotes."

// KeyOnly returns the error that a link has a key alone, with the command that looks the
// torrent up.
func KeyOnly(link string) error {
	return advice.New(errors.New("the link has a key and no info hash: the DHT says which torrent it is now"),
		"To see that: "+shell.Command("dht", "get", shell.Quote(link)))
}

// ParseLink returns the link that a name stands for: a magnet link, or an info hash if there is
// no such file. It returns nil if it is something else.
func ParseLink(c *console.Console, name string) (*metainfo.Magnet, error) {
	if !strings.HasPrefix(strings.ToLower(name), "magnet:") {
		m, err := metainfo.ParseInfoHash(name)
		_, statErr := os.Stat(name)
		if err != nil || !errors.Is(statErr, fs.ErrNotExist) {
			return nil, nil
		}
		return m, nil
	}
	m, err := metainfo.ParseMagnet(name)
	if err != nil {
		return nil, advice.New(err, LinkAdvice)
	}
	for _, w := range m.Warnings {
		c.Warn("magnet link: %s", terminal.Sanitize(w.String()))
	}
	return m, nil
}
