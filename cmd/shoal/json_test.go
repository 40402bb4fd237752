package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/demonstration"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/description"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/dhttool"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/progress"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/trackertool"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/verification"
)

// JSON.md names each key of each object.
func TestObjectsAreDocumented(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(sourceDir(t), "..", "JSON.md"))
	require.NoError(t, err)
	document := string(b)
	var check func(typ reflect.Type)
	check = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key != "" {
				require.Contains(t, document, "`"+key+"`", "%s.%s", typ, f.Name)
			}
			for inner := f.Type; ; inner = inner.Elem() {
				if inner.Kind() == reflect.Struct && inner.PkgPath() == typ.PkgPath() {
					check(inner)
				}
				if inner.Kind() != reflect.Slice && inner.Kind() != reflect.Pointer {
					break
				}
			}
		}
	}
	for _, object := range append(append(dhttool.Objects(), trackertool.Objects()...),
		eventJSON{}, progress.Object{}, progress.MetadataObject{}, magnetJSON{}, versionJSON{}, streamingJSON{}, addedJSON{}, listeningJSON{}, console.Failure{}, console.Step{}, createdJSON{}, verification.Result{},
		demonstration.Result{}, description.Torrent{}, description.Magnet{},
	) {
		check(reflect.TypeOf(object))
	}
}

// Programs get each warning that people get.
func TestProgramsGetAllWarnings(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	warns := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "d8:intervali1800e5:peers0:15:warning message10:be patiente")
	}))
	defer warns.Close()
	shoal(t, exitOK, "create", "album", "-o", "plain.torrent")
	shoal(t, exitOK, "create", "album", "-o", "more.torrent", "--announce", "wss://tracker.example/", "--web-seed", "http://web.example/", "--node", "router.example:6881")
	shoal(t, exitOK, "create", "album", "-o", "private.torrent", "--private", "--announce", down.URL+"/announce")
	shoal(t, exitOK, "create", "album", "-o", "warns.torrent", "--announce", warns.URL+"/announce")
	for _, test := range []struct {
		args []string
		want string // the last warning
	}{
		{[]string{"get", "plain.torrent"}, "the torrent names no tracker, so Shoal cannot find peers"},
		{[]string{"seed", "more.torrent"}, "the torrent names only WebSocket trackers and web seeds, which Shoal does not support yet, so it cannot find peers"},
		{[]string{"get", "more.torrent"}, "the torrent names only WebSocket trackers and web seeds, which Shoal does not support yet, so it cannot find peers"},
		{[]string{"get", "private.torrent", "--announce", warns.URL}, "HTTP status 404"},
		{[]string{"get", "warns.torrent"}, "be patient"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			args := append(test.args, "--dir", t.TempDir(), "--listen", "off", "--state", "off")
			if test.args[0] == "seed" {
				args = append(test.args, "--listen", "off", "--state", "off")
			}
			people := start(t, args...)
			people.err.await(t, test.want)
			people.stop()
			<-people.code
			programs := start(t, append(args, "--json")...)
			programs.out.await(t, test.want)
			programs.stop()
			<-programs.code
			require.Empty(t, programs.err.String())
			var messages []string
			for _, o := range objects(t, programs.out.String()) {
				if m, ok := o["message"].(string); ok {
					messages = append(messages, m)
				}
			}
			for line := range strings.Lines(people.err.String()) {
				if !strings.HasPrefix(line, "shoal: ") {
					continue // advice
				}
				found := false
				for _, m := range messages {
					found = found || strings.Contains(line, m)
				}
				require.True(t, found, "%s is not in %q", line, messages)
			}
		})
	}
}

// A failed announce says when the next one is.
func TestFailedAnnouncesSayWhenTheNextIs(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()
	shoal(t, exitOK, "create", "album", "--announce", down.URL+"/announce")
	args := []string{"get", "album.torrent", "--dir", "got", "--listen", "off", "--state", "off"}
	people := start(t, args...)
	require.Regexp(t, `^  Shoal tries again in \d+ (s|min)\.\n$`, people.err.await(t, "Shoal tries again in "))
	people.stop()
	<-people.code
	programs := start(t, append(args, "--json")...)
	require.Greater(t, objects(t, programs.out.await(t, `"trackerError"`))[0]["retry"], 0.0)
	programs.stop()
	<-programs.code
}

// A connection that nobody needs any more is not lost.
func TestHarmlessEndsAreNotLosses(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	seed, peer := seeding(t, "album.torrent")
	seed.out.await(t, `"state":"seeding"`)
	get := start(t, "get", "--json", "album.torrent", "--dir", "got", "--state", "off", "--listen", "off", "--peer", peer)
	o := objects(t, get.out.await(t, `"disconnected"`))[0]
	require.Equal(t, "useless", o["reason"])
	get.out.await(t, `"completed"`)
	get.stop()
	get.wait(t, exitOK)
	require.NotContains(t, get.out.String(), `"lost"`)
}

// Numbers have a precision that says something, and totals of former runs are apart.
func TestNumbersOfProgress(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album", "--piece-length", "16KiB")
	_, peer := seeding(t, "album.torrent")
	args := []string{"get", "--json", "album.torrent", "--dir", "got", "--listen", "off", "-q", "--peer", peer}
	stdout, _ := shoal(t, exitOK, args...)
	last := func(stdout string) (o map[string]any) {
		for _, o := range objects(t, stdout) {
			if o["event"] == "progress" {
				require.NotRegexp(t, `\.\d{5}`, o["share"])
				require.NotContains(t, o, "eta", "nothing is left")
			}
		}
		all := objects(t, stdout)
		for i := range all {
			if all[i]["event"] == "progress" {
				o = all[i]
			}
		}
		return o
	}
	first := last(stdout)
	require.Equal(t, first["downloaded"], first["downloadedTotal"])
	require.EqualValues(t, 1<<18, first["downloaded"])
	stdout, _ = shoal(t, exitOK, args...)
	second := last(stdout)
	require.EqualValues(t, 0, second["downloaded"])
	require.EqualValues(t, 1<<18, second["downloadedTotal"])
}
