package rival

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// unlimited is more connections than any scenario makes.
const unlimited = 5000

// prepareTransmission writes settings.json and returns the arguments of
// transmission-daemon.
func prepareTransmission(j *job) ([]string, error) {
	settings, err := json.Marshal(map[string]any{
		"bind-address-ipv4":            host,
		"peer-port":                    j.port,
		"peer-port-random-on-start":    false,
		"port-forwarding-enabled":      false,
		"dht-enabled":                  false,
		"lpd-enabled":                  false,
		"pex-enabled":                  false,
		"utp-enabled":                  false,
		"encryption":                   0,
		"preallocation":                0,
		"rename-partial-files":         false,
		"peer-limit-global":            unlimited,
		"peer-limit-per-torrent":       unlimited,
		"upload-slots-per-torrent":     unlimited,
		"script-torrent-done-enabled":  true,
		"script-torrent-done-filename": j.finished,
		"rpc-enabled":                  true,
		"rpc-bind-address":             host,
		"rpc-port":                     j.control,
		"rpc-whitelist-enabled":        false,
		"rpc-host-whitelist-enabled":   false,
		"message-level":                1,
	})
	if err != nil {
		return nil, err
	}
	j.rpc = &rpc{url: fmt.Sprintf("http://%s:%d/transmission/rpc", host, j.control)}
	return []string{"--foreground", "--config-dir", j.home}, os.WriteFile(filepath.Join(j.home, "settings.json"), settings, 0o600)
}

// downloading is a torrent's status in Transmission.
const downloading = 4

// transmissionReady adds the torrent when Transmission takes commands, and reports
// whether it downloads.
func transmissionReady(ctx context.Context, j *job) (bool, error) {
	if !j.rpc.added {
		err := j.rpc.call(ctx, "torrent-add", map[string]any{"filename": j.torrent, "download-dir": j.folder}, nil)
		j.rpc.added = err == nil
		return false, nil // Transmission or the torrent is still starting
	}
	var all struct {
		Torrents []struct {
			Status      int
			Error       int
			ErrorString string
		}
	}
	err := j.rpc.call(ctx, "torrent-get", map[string]any{"fields": []string{"status", "error", "errorString"}}, &all)
	if err != nil || len(all.Torrents) == 0 {
		return false, err
	}
	t := all.Torrents[0]
	if t.Error != 0 {
		return false, fmt.Errorf("transmission: %s", t.ErrorString)
	}
	return t.Status == downloading, nil
}

// An rpc is Transmission's protocol for remote control, version 16.
// https://github.com/transmission/transmission/blob/main/docs/rpc-spec.md
type rpc struct {
	url     string
	session string // what proves that we may call
	added   bool   // the torrent
}

// call calls a method. result may be nil. The first call fails with the session's name,
// which the next one sends.
func (c *rpc) call(ctx context.Context, method string, args, result any) error {
	const header = "X-Transmission-Session-Id"
	body, err := json.Marshal(map[string]any{"method": method, "arguments": args})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set(header, c.session)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		c.session = answer.Header.Get(header)
		return fmt.Errorf("transmission: %s", answer.Status)
	}
	reply := struct {
		Result    string
		Arguments any
	}{Arguments: result}
	err = json.NewDecoder(answer.Body).Decode(&reply)
	if err == nil && reply.Result != "success" {
		err = fmt.Errorf("transmission: %s", reply.Result)
	}
	return err
}
