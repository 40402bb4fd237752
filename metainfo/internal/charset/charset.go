// Package charset decodes the names of files in torrents that are older than UTF-8.
package charset

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// Decoder returns the decoder for an encoding by its name, such as "GBK", in any case and
// with or without hyphens. It is nil for UTF-8 and if the name is not known. It may be
// called concurrently, and reports false for bytes that the encoding does not have.
func Decoder(name string) func(string) (text string, ok bool) {
	e := encodings[normalize(name)]
	if e == nil {
		return nil
	}
	return func(s string) (string, bool) {
		text, err := e.NewDecoder().String(s)
		if err != nil || strings.ContainsRune(text, utf8.RuneError) {
			return "", false
		}
		return text, true
	}
}

// normalize returns the form of a name in which encodings has it.
func normalize(name string) string {
	if len(name) > 40 {
		return ""
	}
	name = strings.NewReplacer("-", "", "_", "", " ", "", ":", "", "(", "", ")", "").Replace(strings.ToLower(name))
	name = strings.TrimPrefix(name, "x")
	for _, prefix := range []string{"windows", "ibm", "cp", "ms"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" && rest[0] <= '9' {
			return rest
		}
	}
	return name
}

// encodings are those that programs which made torrents used as the encoding of their
// system, by name and by the number of the code page.
var encodings = map[string]encoding.Encoding{
	"gbk": simplifiedchinese.GB18030, "gb2312": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030,
	"936": simplifiedchinese.GB18030, "54936": simplifiedchinese.GB18030, "euccn": simplifiedchinese.GB18030,
	"big5": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5, "950": traditionalchinese.Big5,
	"shiftjis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS, "932": japanese.ShiftJIS, "windows31j": japanese.ShiftJIS,
	"31j": japanese.ShiftJIS, "eucjp": japanese.EUCJP, "51932": japanese.EUCJP,
	"euckr": korean.EUCKR, "949": korean.EUCKR, "uhc": korean.EUCKR, "ksc5601": korean.EUCKR, "ksc56011987": korean.EUCKR,
	"koi8r": charmap.KOI8R, "20866": charmap.KOI8R, "koi8u": charmap.KOI8U, "21866": charmap.KOI8U,
	"437": charmap.CodePage437, "850": charmap.CodePage850, "852": charmap.CodePage852, "866": charmap.CodePage866,
	"874": charmap.Windows874, "tis620": charmap.Windows874,
	"1250": charmap.Windows1250, "1251": charmap.Windows1251, "1252": charmap.Windows1252, "1253": charmap.Windows1253,
	"1254": charmap.Windows1254, "1255": charmap.Windows1255, "1256": charmap.Windows1256, "1257": charmap.Windows1257,
	"1258":     charmap.Windows1258,
	"iso88591": charmap.Windows1252, "latin1": charmap.Windows1252, "iso88592": charmap.ISO8859_2,
	"iso88595": charmap.ISO8859_5, "iso88597": charmap.ISO8859_7, "iso88599": charmap.Windows1254,
	"iso885915": charmap.ISO8859_15,
}
