package bencode

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	jackpal "github.com/jackpal/bencode-go"
	"github.com/stretchr/testify/require"
)

// seed adds inputs to the corpus.
func seed(f *testing.F) {
	for _, s := range []string{
		"", "i0e", "i-0e", "i-7e", "i03e", "i9223372036854775808e", "i1.5e", "inane", "i0x10p1e",
		"0:", "3:abc", "03:abc", "-1:", "999999999999:", "9223372036854775807:",
		"le", "de", "li1e1:ae", "d1:ai1e1:bd1:cleee", "d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee",
		"dl1:aei1ee", "d1:md1:0i0e", "d4:info3:zed1:qe", "i1ei2e", "d1:ade1:Ad1:ni1eee",
		"d8:completei1e8:intervali1800e5:peers6:\x60\x7e\x68\xdb\x1a\xe9e",
		"d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re",
		"d5:filesld6:lengthi1e4:pathl1:aeee4:infod4:name1:xee",
		strings.Repeat("l", 101) + strings.Repeat("e", 101),
	} {
		f.Add([]byte(s))
	}
}

// A value that passed Scan is encoded with the same bytes in every way, and a value that
// passed only leniently is strict once it was encoded again.
func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		strict, strictErr := Scan(b, Options{})
		lenient, lenientErr := Scan(b, Options{Lenient: true})
		if strictErr == nil {
			require.NoError(t, lenientErr)
			require.Equal(t, string(b), string(strict.Raw()))
			require.Equal(t, string(b), encoded(t, rebuilt(strict)))
			parsed := NewNode(strict)
			parseAll(parsed)
			require.Equal(t, string(b), encoded(t, parsed))
			prefix, rest, err := ScanPrefix(append(b[:len(b):len(b)], 'x'), Options{})
			require.NoError(t, err)
			require.Equal(t, strict.Raw(), prefix.Raw())
			require.Equal(t, "x", string(rest))
		}
		if lenientErr == nil {
			parsed := NewNode(lenient)
			parseAll(parsed)
			once := encoded(t, rebuilt(Value{raw: []byte(encoded(t, parsed))}))
			again, err := Scan([]byte(once), Options{})
			require.NoError(t, err)
			require.Equal(t, once, encoded(t, rebuilt(again)))
		}
	})
}

// Scan and jackpal/bencode-go, both strict, accept the same input and stop at the same
// offset.
func FuzzScanLikeJackpal(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := ScanPrefix(b, Options{})
		o := jackpal.DefaultOptions()
		o.Strict = true
		o.MaxStringLength = int64(len(b)) // because it allocates before it reads
		r := bufio.NewReader(bytes.NewReader(b))
		got, theirs := jackpal.NewDecoderWithOptions(r, o).Decode()
		if err != nil {
			require.Error(t, theirs, "we say %v", err)
			return
		}
		require.NoError(t, theirs)
		left, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, string(rest), string(left))
		var out bytes.Buffer
		require.NoError(t, jackpal.Marshal(&out, got))
		require.Equal(t, string(v.Raw()), out.String())
	})
}

// Unmarshal does not panic on any input, not even in jackpal/bencode-go, where it would
// recover. Marshal encodes again what Unmarshal returned.
func FuzzUnmarshal(f *testing.F) {
	seed(f)
	type all struct {
		A  int8              `bencode:"a"`
		B  []map[string]int  `bencode:"b"`
		C  [][]RawMessage    `bencode:"c"`
		D  map[string]string `bencode:"d"`
		E  []entry           `bencode:"e"`
		M  map[string]RawMessage
		N  uint64
		Me []string `bencode:"me"`
	}
	f.Add([]byte("d1:Md1:xd1:yleee1:Ni5e1:ai1e1:bld1:ki1eee1:cllleee1:dd1:k1:ve1:eld4:pathl1:pee4:me"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{new(all), new(metafile), new([]all), new(RawMessage), new([]string), new(map[string]int), new(int64), new(string)} {
			err := Unmarshal(b, v)
			if err != nil {
				require.NotContains(t, err.Error(), "decoding into", "the checks must refuse what jackpal/bencode-go refuses")
				continue
			}
			if m, ok := v.(*metafile); ok && m.Info == nil {
				continue // Marshal refuses an empty RawMessage
			}
			out, err := Marshal(v)
			require.NoError(t, err)
			_, err = Scan(out, Options{})
			require.NoError(t, err)
		}
	})
}
