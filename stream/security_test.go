package stream

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestToken checks that nothing is said without the token.
func TestToken(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a", Length: 3}))
	require.Equal(t, http.StatusOK, requestFor(t, h, "GET", "/"+testToken+"/"+fileNumber(0)).StatusCode)
	nothing := requestFor(t, h, "GET", "/")
	want := body(t, nothing)
	for _, path := range []string{
		"/" + testToken,
		"/" + testToken + "x/" + fileNumber(0),
		"/" + testToken[1:] + "/" + fileNumber(0),
		"/" + strings.ToUpper(testToken) + "/" + fileNumber(0),
		"/token%2dof%2dtests/" + fileNumber(0),
		"//" + fileNumber(0),
		"//" + testToken + "/" + fileNumber(0),
		"/x/../" + testToken + "/" + fileNumber(0),
		"/" + fileNumber(0),
		"/favicon.ico",
		"/" + testToken + "/" + fileNumber(1), // no such file
		"/" + testToken + "/abc/",             // no such torrent
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := requestFor(t, h, method, path)
			require.Equal(t, http.StatusNotFound, r.StatusCode, path)
			require.Equal(t, nothing.Header, r.Header, path)
			require.Equal(t, want, body(t, r), path)
		}
	}
	require.NotContains(t, want, "torrent")
	r := requestFor(t, h, "POST", "/")
	require.Equal(t, http.StatusNotFound, r.StatusCode, "the method does not matter without a token")
}

func TestTokenIsRandom(t *testing.T) {
	a, err := New(Config{})
	require.NoError(t, err)
	b, err := New(Config{})
	require.NoError(t, err)
	require.NotEqual(t, a.URL(""), b.URL(""))
	require.GreaterOrEqual(t, len(a.URL("")), len("//")+26)
}

func TestTokenOfUser(t *testing.T) {
	for _, token := range []string{"short", "with/slash", "with space", "with%41escape", "........", "ünïcödé-", strings.Repeat("x", 129)} {
		_, err := New(Config{Token: token})
		require.ErrorContains(t, err, "token is not valid", token)
	}
	_, err := New(Config{Token: testToken, NoToken: true})
	require.Error(t, err)
	h, err := New(Config{Token: "A-b.c_d~9"})
	require.NoError(t, err)
	require.Equal(t, "http://[::1]:80/A-b.c_d~9/", h.URL("http://[::1]:80"))
}

func TestNoToken(t *testing.T) {
	h := newHandler(t, Config{NoToken: true}, newFake(File{Path: "a", Length: 3}))
	require.Equal(t, "http://localhost/", h.URL("http://localhost/"))
	require.Equal(t, http.StatusOK, requestFor(t, h, "GET", "/"+fileNumber(0)).StatusCode)
	require.Equal(t, http.StatusForbidden, requestFor(t, h, "GET", "/"+fileNumber(0), "Host", "evil.example").StatusCode)
}

// TestHost checks which names reach the server, because of DNS rebinding.
func TestHost(t *testing.T) {
	h := newHandler(t, Config{Hosts: []string{"TV.local", "box."}}, newFake(File{Path: "a", Length: 3}))
	for host, allowed := range map[string]bool{
		"localhost": true, "localhost:80": true, "LocalHost": true, "localhost.": true,
		"127.0.0.1": true, "127.0.0.1:8080": true, "192.168.1.2:1": true, "[::1]": true, "[::1]:8080": true, "[fe80::1%25eth0]:1": true,
		"tv.local": true, "TV.LOCAL.:80": true, "box": true,
		"": false, ":80": false, "evil.example": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"evil.example:127.0.0.1": false, "tv.local.evil.example": false, "::1": false, "[127.0.0.1]": false, "[::1": false,
		"0x7f.1": false, "2130706433": false, "x@localhost": false, "sub.localhost": false,
	} {
		r := request(t, h, "GET", fileNumber(0), "Host", host)
		require.Equal(t, allowed, r.StatusCode == http.StatusOK, host)
	}
	for _, host := range []string{"", "*.example", "http://box", "box:80"} {
		_, err := New(Config{Hosts: []string{host}})
		require.ErrorContains(t, err, "not a host name", host)
	}
}

// TestOtherSites checks that a page of another origin gets nothing, with the token or without.
func TestOtherSites(t *testing.T) {
	f := newFake(File{Path: "a", Length: 3})
	h := newHandler(t, Config{}, f)
	for _, test := range []struct {
		name, value string
		allowed     bool
	}{
		{"Sec-Fetch-Site", "none", true},
		{"Sec-Fetch-Site", "same-origin", true},
		{"Sec-Fetch-Site", "same-site", false}, // another port of localhost
		{"Sec-Fetch-Site", "cross-site", false},
		{"Sec-Fetch-Site", "new-word", false},
		{"Origin", "http://127.0.0.1:8080", true},
		{"Origin", "http://127.0.0.1:3000", false},
		{"Origin", "https://evil.example", false},
		{"Origin", "null", false},
	} {
		for _, path := range []string{h.root + fileNumber(0), "/wrong/"} {
			r := requestFor(t, h, "GET", path, test.name, test.value)
			require.Equal(t, !test.allowed, r.StatusCode == http.StatusForbidden, test)
			for name := range r.Header {
				require.NotContains(t, name, "Access-Control", "no page of another origin may read it")
			}
			require.Equal(t, "same-origin", r.Header.Get("Cross-Origin-Resource-Policy"))
			require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		}
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(t, Config{}, newFake(File{Path: "a", Length: 3}))
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"} {
		r := request(t, h, method, fileNumber(0), "Origin", "http://127.0.0.1:8080", "Access-Control-Request-Method", "GET")
		require.Equal(t, http.StatusMethodNotAllowed, r.StatusCode, method)
		require.Equal(t, "GET, HEAD", r.Header.Get("Allow"))
		require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))
	}
}
