package bencode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScanFaults(t *testing.T) {
	for _, test := range []struct {
		in      string
		offset  int
		reason  Reason
		lenient bool // whether Options.Lenient accepts it
	}{
		{"", 0, Truncated, false},
		{"l", 1, Truncated, false},
		{"d1:a", 4, Truncated, false},
		{"d1:ai1e", 7, Truncated, false},
		{"1", 1, Truncated, false},
		{"12", 0, LengthOverflow, false},
		{"e", 0, BadByte, false},
		{"x", 0, BadByte, false},
		{"lxe", 1, BadByte, false},
		{"5;abc", 1, BadByte, false},
		{"-", 0, BadByte, false},
		{"-:", 0, BadByte, false},
		{"d1:ae", 4, BadByte, false},
		{"dx", 1, BadByte, false},
		{"i", 0, IntUnterminated, false},
		{"i-", 0, IntUnterminated, false},
		{"li12", 1, IntUnterminated, false},
		{"i-0e", 0, IntNegativeZero, true},
		{"i00e", 0, IntZeroPadded, true},
		{"i-00e", 0, IntZeroPadded, true},
		{"i03e", 0, IntZeroPadded, true},
		{"i-03e", 0, IntZeroPadded, true},
		{"ie", 1, IntMalformed, false},
		{"i-e", 2, IntMalformed, false},
		{"i--1e", 2, IntMalformed, false},
		{"i+1e", 1, IntMalformed, false},
		{"i1.5e", 2, IntMalformed, false},
		{"i1 e", 2, IntMalformed, false},
		{"i9223372036854775808e", 0, IntOverflow, false},
		{"i-9223372036854775809e", 0, IntOverflow, false},
		{"i99999999999999999999999999999e", 0, IntOverflow, false},
		{"d1:bi1e1:ai2ee", 7, KeyUnsorted, true},
		{"d2:aai1e1:ai2ee", 8, KeyUnsorted, true},
		{"d1:ad1:b0:e0:i2ee", 11, KeyUnsorted, true},
		{"d1:ai1e1:ai2ee", 7, KeyDuplicate, true},
		{"d0:i1e0:i2ee", 6, KeyDuplicate, true},
		{"di1ei2ee", 1, KeyNotString, false},
		{"dlei2ee", 1, KeyNotString, false},
		{"ddei2ee", 1, KeyNotString, false},
		{"-1:a", 0, LengthNegative, false},
		{"d-1:ai1ee", 1, LengthNegative, false},
		{"03:abc", 0, LengthZeroPadded, true},
		{"00:", 0, LengthZeroPadded, true},
		{"4:abc", 0, LengthOverflow, false},
		{"l4:abe", 1, LengthOverflow, false},
		{"999999999999:", 0, LengthOverflow, false},
		{"9223372036854775807:", 0, LengthOverflow, false},
		{"18446744073709551617:a", 0, LengthOverflow, false},
		{"i1ei2e", 3, TrailingData, false},
		{"0:\n", 2, TrailingData, false},
		{"dee", 2, TrailingData, false},
		{strings.Repeat("l", 101) + strings.Repeat("e", 101), 100, TooDeep, false},
		{strings.Repeat("d0:", 101) + strings.Repeat("e", 101), 300, TooDeep, false},
	} {
		t.Run(fmt.Sprintf("%.20q", test.in), func(t *testing.T) {
			v, err := Scan([]byte(test.in), Options{})
			require.Equal(t, &SyntaxError{Offset: test.offset, Reason: test.reason}, err)
			require.Equal(t, Invalid, v.Kind())

			v, err = Scan([]byte(test.in), Options{Lenient: true})
			if test.lenient {
				require.NoError(t, err)
				require.Equal(t, test.in, string(v.Raw()))
				return
			}
			require.Equal(t, &SyntaxError{Offset: test.offset, Reason: test.reason}, err)
		})
	}
}

func TestScanAccepts(t *testing.T) {
	for _, in := range []string{
		"i0e", "i-1e", "i9223372036854775807e", "i-9223372036854775808e",
		"0:", "3:abc", "10:0123456789", "1:\x00",
		"le", "de", "llee", "lli1eee", "ldee", "d0:lee",
		"d0:i1e1:ai2e2:aai3e1:bi4ee",
		"d1:\x7fi1e1:\x80i2ee", // keys sort as unsigned bytes
		"d1:ad1:b0:e1:bl1:cee",
		strings.Repeat("l", 100) + strings.Repeat("e", 100),
	} {
		for _, lenient := range []bool{false, true} {
			v, err := Scan([]byte(in), Options{Lenient: lenient})
			require.NoError(t, err, "%q", in)
			require.Equal(t, in, string(v.Raw()))
		}
	}
}

func TestScanLimits(t *testing.T) {
	fault := func(in string, o Options) *SyntaxError {
		_, err := Scan([]byte(in), o)
		if err == nil {
			return nil
		}
		return err.(*SyntaxError)
	}
	require.Nil(t, fault("lleli1eee", Options{MaxDepth: 2}))
	require.Equal(t, &SyntaxError{2, TooDeep}, fault("llleee", Options{MaxDepth: 2}))
	deep := strings.Repeat("l", 5000) + strings.Repeat("e", 5000)
	require.Nil(t, fault(deep, Options{MaxDepth: 5000}))
	require.Equal(t, &SyntaxError{4999, TooDeep}, fault(deep, Options{MaxDepth: 4999}))
	require.Nil(t, fault(deep, Options{MaxDepth: -1}))

	require.Nil(t, fault("d3:abc3:abce", Options{MaxString: 3}))
	require.Equal(t, &SyntaxError{6, StringTooLong}, fault("d3:abc4:abcde", Options{MaxString: 3}))
	require.Equal(t, &SyntaxError{1, StringTooLong}, fault("d4:abcd3:abce", Options{MaxString: 3}))
	require.Nil(t, fault("4:abcd", Options{MaxString: -1}))

	require.Nil(t, fault("d1:ali1e0:ee", Options{MaxTokens: 5}))
	require.Equal(t, &SyntaxError{8, TooManyTokens}, fault("d1:ali1e0:ee", Options{MaxTokens: 4}))
	many := "l" + strings.Repeat("0:", 3_000_000) + "e"
	require.Equal(t, TooManyTokens, fault(many, Options{}).Reason)
	require.Nil(t, fault(many, Options{MaxTokens: -1}))

	for r := Truncated; r <= TooCostly; r++ {
		require.NotContains(t, r.String(), "reason", "%d", r)
		require.Equal(t, r >= TooDeep, r.Limit())
	}
}

func TestScanPrefix(t *testing.T) {
	v, rest, err := ScanPrefix([]byte("d8:msg_typei1eeraw bytes"), Options{})
	require.NoError(t, err)
	require.Equal(t, "d8:msg_typei1ee", string(v.Raw()))
	require.Equal(t, "raw bytes", string(rest))
	require.Equal(t, len(v.Raw()), cap(v.Raw()), "appending to a node must not overwrite what follows it")

	v, rest, err = ScanPrefix([]byte("i1e"), Options{})
	require.NoError(t, err)
	require.Equal(t, "i1e", string(v.Raw()))
	require.Empty(t, rest)

	_, _, err = ScanPrefix([]byte("i1"), Options{})
	require.Equal(t, &SyntaxError{0, IntUnterminated}, err)
}

func TestScanAllocatesNothing(t *testing.T) {
	in := []byte(strings.Repeat("d1:al", 50) + "i1e3:abc" + strings.Repeat("ee", 50))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		v, err := Scan(in, Options{})
		if err != nil {
			panic(err)
		}
		if _, ok := v.Get("a"); !ok {
			panic("no a")
		}
	}))
}

// file returns a metainfo file with 100 files and 1 MiB of hashes.
func file() []byte {
	b := AppendDict(nil)
	b = AppendString(b, "announce")
	b = AppendString(b, "http://tracker.example/announce")
	b = AppendString(b, "info")
	b = AppendDict(b)
	b = AppendString(b, "files")
	b = AppendList(b)
	for i := range 100 {
		b = AppendDict(b)
		b = AppendString(b, "length")
		b = AppendInt(b, int64(i)<<30)
		b = AppendString(b, "path")
		b = AppendList(b)
		b = AppendString(b, "folder")
		b = AppendString(b, fmt.Sprint("file ", i))
		b = AppendEnd(AppendEnd(b))
	}
	b = AppendEnd(b)
	b = AppendString(b, "name")
	b = AppendString(b, "sample")
	b = AppendString(b, "piece length")
	b = AppendInt(b, 1<<20)
	b = AppendString(b, "pieces")
	b = AppendBytes(b, make([]byte, 1<<20/20*20))
	return AppendEnd(AppendEnd(b))
}

func BenchmarkScan(b *testing.B) {
	reply := "d1:rd2:id20:abcdefghij01234567895:nodes208:" + strings.Repeat("n", 208) + "e1:t2:aa1:y1:re"
	for _, bench := range []struct {
		name string
		in   []byte
	}{
		{"metainfo", file()},
		{"krpc", []byte(reply)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Scan(bench.in, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
