package udpmux_test

import (
	"encoding/hex"
	"testing"

	"github.com/shoal-bt/shoal/udpmux"
	"github.com/stretchr/testify/require"
)

var claims = map[string]udpmux.Claim{"krpc": udpmux.KRPC, "tracker": udpmux.TrackerAnswer, "utp": udpmux.UTP}

// claimedBy returns who claims a datagram.
func claimedBy(b []byte) (names []string) {
	for _, name := range []string{"krpc", "tracker", "utp"} {
		if claims[name](b) {
			names = append(names, name)
		}
	}
	return names
}

func TestClaims(t *testing.T) {
	unhex := func(s string) string {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return string(b)
	}
	for _, test := range []struct{ name, datagram, want string }{
		{"ping", "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", "krpc"},
		{"answer to a ping", "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", "krpc"},
		{"with our address first", "d2:ip6:\x01\x02\x03\x04\x05\x061:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", "krpc"},
		{"an empty dictionary", "de", ""},
		{"a word", "dog", ""},
		{"d", "d", ""},
		{"connect", unhex("00000000" + "12345678" + "0000041727101980"), "tracker"},
		{"announce", unhex("00000001" + "12345678" + "00000708" + "00000001" + "00000002" + "c0000201" + "1ae1"), "tracker"},
		{"scrape", unhex("00000002" + "12345678" + "000000010000000200000003"), "tracker"},
		{"error", unhex("00000003"+"12345678") + "no", "tracker"},
		{"a connect request to a tracker", unhex("0000041727101980" + "00000000" + "12345678"), ""},
		{"a short answer", unhex("00000000123456"), ""},
		{"another action", unhex("0000000412345678"), ""},
		{"syn", unhex("4100" + "1234" + "00000001000000020000000300040005"), "utp"},
		{"data", unhex("0100"+"1234"+"00000001000000020000000300040005") + "payload", "utp"},
		{"state with an extension", unhex("2101" + "1234" + "00000001000000020000000300040005" + "000401020304"), "utp"},
		{"another version", unhex("4200" + "1234" + "00000001000000020000000300040005"), ""},
		{"another type", unhex("5100" + "1234" + "00000001000000020000000300040005"), ""},
		{"a short packet", unhex("4100" + "1234" + "000000010000000200000003000400"), ""},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			require.Equal(t, want, claimedBy([]byte(test.datagram)))
		})
	}
}

// FuzzClaims: no two protocols claim the same datagram, so the order of users does not matter.
func FuzzClaims(f *testing.F) {
	f.Add([]byte("d1:y1:qe"))
	f.Add([]byte("\x00\x00\x00\x01\x00\x00\x00\x02"))
	f.Add([]byte("\x41\x00aaaaaaaaaaaaaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, b []byte) {
		require.LessOrEqual(t, len(claimedBy(b)), 1)
	})
}
