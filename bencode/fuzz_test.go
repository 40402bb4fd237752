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

// What passed the scan is written by every way of writing as it was read, and
// what lenience let pass is strict once it was rewritten.
func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		strict, strictErr := Scan(b, Options{})
		lenient, lenientErr := Scan(b, Options{Lenient: true})
		if strictErr == nil {
			require.NoError(t, lenientErr)
			require.Equal(t, string(b), string(strict.Raw()))
			require.Equal(t, string(b), encoded(t, rebuilt(strict)))
			opened := NewNode(strict)
			openAll(opened)
			require.Equal(t, string(b), encoded(t, opened))
			prefix, rest, err := ScanPrefix(append(b[:len(b):len(b)], 'x'), Options{})
			require.NoError(t, err)
			require.Equal(t, strict.Raw(), prefix.Raw())
			require.Equal(t, "x", string(rest))
		}
		if lenientErr == nil {
			opened := NewNode(lenient)
			openAll(opened)
			once := encoded(t, rebuilt(Value{raw: []byte(encoded(t, opened))}))
			again, err := Scan([]byte(once), Options{})
			require.NoError(t, err)
			require.Equal(t, once, encoded(t, rebuilt(again)))
		}
	})
}

// The scanner and jackpal/bencode-go accept the same bytes, when both are
// strict, and end at the same place.
func FuzzScanLikeJackpal(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := ScanPrefix(b, Options{})
		o := jackpal.DefaultOptions()
		o.Strict = true
		o.MaxStringLength = int64(len(b)) // it allocates before it reads
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

// Unmarshal takes anything without a panic, jackpal/bencode-go's recovered ones
// included, and loses nothing that the type has room for.
func FuzzUnmarshal(f *testing.F) {
	seed(f)
	type most struct {
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
		for _, v := range []any{new(most), new(metafile), new([]most), new(RawMessage), new([]string), new(map[string]int), new(int64), new(string)} {
			err := Unmarshal(b, v)
			if err != nil {
				require.NotContains(t, err.Error(), "decoding into", "the checks let something pass")
				continue
			}
			if m, ok := v.(*metafile); ok && m.Info == nil {
				continue // Marshal rightly refuses it
			}
			out, err := Marshal(v)
			require.NoError(t, err)
			_, err = Scan(out, Options{})
			require.NoError(t, err)
		}
	})
}
