package message_test

import (
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var (
	one = swarm.ID{0: 0x01, 1: 0x23, 19: 0xef}
	two = swarm.ID{0: 0xfe, 19: 0x10}
)

const (
	hexOne = "01230000000000000000000000000000000000ef"
	hexTwo = "fe00000000000000000000000000000000000010"
)

// TestAppendTo has the layout of BEP 14, by the byte.
func TestAppendTo(t *testing.T) {
	m := message.Message{Host: "239.192.152.143:6771", Port: 6881, Swarms: []swarm.ID{one, two}, Cookie: "abc"}
	want := "BT-SEARCH * HTTP/1.1\r\n" +
		"Host: 239.192.152.143:6771\r\n" +
		"Port: 6881\r\n" +
		"Infohash: " + hexOne + "\r\n" +
		"Infohash: " + hexTwo + "\r\n" +
		"cookie: abc\r\n" +
		"\r\n\r\n"
	require.Equal(t, want, string(m.AppendTo(nil)))
	m.Cookie = ""
	require.Equal(t, strings.Replace(want, "cookie: abc\r\n", "", 1), string(m.AppendTo(nil)))
}

// TestFit fills datagrams up to the limit.
func TestFit(t *testing.T) {
	m := message.Message{Host: "[ff15::efc0:988f]:6771", Port: 65535, Cookie: strings.Repeat("c", 16)}
	n := m.Fit()
	require.Equal(t, 25, n)
	m.Swarms = make([]swarm.ID, n)
	require.LessOrEqual(t, len(m.AppendTo(nil)), message.MaxSize)
	m.Swarms = make([]swarm.ID, n+1)
	require.Greater(t, len(m.AppendTo(nil)), message.MaxSize)
	m.Swarms = m.Swarms[:1]
	require.LessOrEqual(t, len(m.AppendTo(nil)), 200, "Transmission 3.00 reads no more")
	m.Cookie = strings.Repeat("c", message.MaxSize)
	require.Zero(t, m.Fit())
}

func TestParse(t *testing.T) {
	const head = "BT-SEARCH * HTTP/1.1\r\n"
	good := message.Message{Port: 6881, Swarms: []swarm.ID{one}}
	for _, test := range []struct {
		name, text string
		want       message.Message
	}{
		{"one", head + "Host: x\r\nPort: 6881\r\nInfohash: " + hexOne + "\r\n\r\n\r\n", good},
		{"several", head + "Port: 6881\r\nInfohash: " + hexOne + "\r\nInfohash: " + hexTwo + "\r\ncookie: c d\r\n\r\n\r\n",
			message.Message{Port: 6881, Swarms: []swarm.ID{one, two}, Cookie: "c d"}},
		{"other cases", "bt-search * http/1.0\r\nPORT:6881\r\ninfoHASH :\t" + strings.ToUpper(hexOne) + "\r\n\r\n", good},
		{"without carriage returns", "BT-SEARCH * HTTP/1.1\nPort: 6881\nInfohash: " + hexOne + "\n\n", good},
		{"without an end", head + "Infohash: " + hexOne + "\r\nPort: 6881", good},
		{"unknown headers", head + "X-New: y\r\nPort: 6881\r\nInfohash: " + hexOne + "\r\n\r\n", good},
		{"after the end", head + "Port: 6881\r\nInfohash: " + hexOne + "\r\n\r\nInfohash: " + hexTwo + "\r\n", good},
		{"the largest port", head + "Port: 65535\r\nInfohash: " + hexOne + "\r\n", message.Message{Port: 65535, Swarms: []swarm.ID{one}}},
		{"bad parts", head + "Port: 0\r\nPort: 6881\r\nPort: 1\r\nno header\r\nInfohash: " + hexOne + "00\r\nInfohash: " +
			strings.Repeat("g", 40) + "\r\nInfohash: " + hexOne + "\r\n", message.Message{Port: 6881, Swarms: []swarm.ID{one}, Ignored: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := message.Parse([]byte(test.text))
			require.NoError(t, err)
			require.Equal(t, test.want, m)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head, hash = "BT-SEARCH * HTTP/1.1\r\n", "Infohash: " + hexOne + "\r\n"
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "BT-SEARCH"},
		{"something else", "M-SEARCH * HTTP/1.1\r\nPort: 1\r\n" + hash, "BT-SEARCH"},
		{"another version", "BT-SEARCH * HTTP/2.0\r\nPort: 1\r\n" + hash, "BT-SEARCH"},
		{"no version", "BT-SEARCH * HTTP/1.\r\nPort: 1\r\n" + hash, "BT-SEARCH"},
		{"bytes before it", "\x00" + head + "Port: 1\r\n" + hash, "BT-SEARCH"},
		{"no port", head + hash, "Port"},
		{"port 0", head + "Port: 0\r\n" + hash, "Port"},
		{"a large port", head + "Port: 65536\r\n" + hash, "Port"},
		{"a port with a sign", head + "Port: +1\r\n" + hash, "Port"},
		{"no hash", head + "Port: 1\r\n", "Infohash"},
		{"a hash of 64 digits", head + "Port: 1\r\nInfohash: " + strings.Repeat("a", 64) + "\r\n", "Infohash"},
		{"large", head + "Port: 1\r\n" + hash + strings.Repeat("x", message.MaxSize), "1,400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := message.Parse([]byte(test.text))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("BT-SEARCH * HTTP/1.1\r\nHost: x\r\nPort: 6881\r\nInfohash: " + hexOne + "\r\ncookie: c\r\n\r\n\r\n"))
	f.Add([]byte("bt-search * http/1.0\nport:1\ninfohash:" + hexTwo))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := message.Parse(b)
		if err != nil {
			require.Equal(t, message.Message{}, m)
			return
		}
		require.NotZero(t, m.Port)
		require.NotEmpty(t, m.Swarms)
		require.Less(t, len(m.Swarms), message.MaxSize/40)
		if len(m.Swarms) > m.Fit() {
			return // it came with shorter headers than ours
		}
		again, err := message.Parse(m.AppendTo(nil))
		require.NoError(t, err)
		m.Ignored = 0
		require.Equal(t, m, again)
	})
}
