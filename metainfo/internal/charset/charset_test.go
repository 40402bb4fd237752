package charset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecoder(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"GBK", "\xc4\xe3\xba\xc3", "你好"},
		{"gb2312", "\xc4\xe3\xba\xc3", "你好"},
		{"CP936", "\xc4\xe3", "你"},
		{"936", "\xc4\xe3", "你"},
		{"Big5", "\xa7A\xa6n", "你好"},
		{"Shift_JIS", "\x93\xfa\x96{", "日本"},
		{"shift-jis", "\x95\\.txt", "表.txt"}, // the second byte is a backslash
		{"MS932", "\x93\xfa", "日"},
		{"windows-31j", "\x93\xfa", "日"},
		{"EUC-JP", "\xc6\xfc", "日"},
		{"EUC-KR", "\xc7\xd1", "한"},
		{"x-cp949", "\xc7\xd1", "한"},
		{"KOI8-R", "\xc4\xc1", "да"},
		{"windows-1251", "\xe4\xe0", "да"},
		{"ISO-8859-1", "\xfc", "ü"},
		{"IBM850", "\x81", "ü"},
	} {
		d := Decoder(test.name)
		require.NotNil(t, d, test.name)
		got, ok := d(test.in)
		require.True(t, ok, test.name)
		require.Equal(t, test.want, got, test.name)
	}
	for _, name := range []string{"", "UTF-8", "utf8", "nonsense", "cp", "windows-"} {
		require.Nil(t, Decoder(name), name)
	}
	_, ok := Decoder("GBK")("\xff\xff")
	require.False(t, ok)
	_, ok = Decoder("Shift_JIS")("\x93")
	require.False(t, ok, "half a character")
}

func FuzzDecoder(f *testing.F) {
	f.Add("GBK", "\xc4\xe3")
	f.Fuzz(func(t *testing.T, name, s string) {
		if d := Decoder(name); d != nil {
			text, ok := d(s)
			if ok && len(text) > 4*len(s)+4 {
				t.Fatalf("%d bytes became %d", len(s), len(text))
			}
		}
	})
}
