package subtitle

import (
	"cmp"
	"slices"
	"strings"
)

// languages has a language per line: its tag (BCP 47), its name, and the words by which names of
// files mean it. Words of two or three letters are codes of ISO 639.
const languages = `
ar|Arabic|ar ara arabic العربية
bg|Bulgarian|bg bul bulgarian български
bn|Bengali|bn ben bengali
bs|Bosnian|bs bos bosnian bosanski
ca|Catalan|ca cat catalan català
cs|Czech|cs cze ces czech čeština česky
cy|Welsh|cy wel cym welsh
da|Danish|da dan danish dansk
de|German|de ger deu german deutsch
el|Greek|el gre ell greek ελληνικά
en|English|en eng english
en-GB|English (UK)|en-gb
en-US|English (US)|en-us
es|Spanish|es spa spanish español espanol castellano
es-419|Spanish (Latin America)|es-419 es-la spl latino latinoamericano
es-ES|Spanish (Spain)|es-es
es-MX|Spanish (Mexico)|es-mx
et|Estonian|et est estonian eesti
eu|Basque|eu baq eus basque euskara
fa|Persian|fa per fas persian farsi فارسی
fi|Finnish|fi fin finnish suomi
fil|Filipino|fil filipino tagalog
fr|French|fr fre fra french français francais
fr-CA|French (Canada)|fr-ca
fr-FR|French (France)|fr-fr
ga|Irish|ga gle irish
gl|Galician|gl glg galician galego
he|Hebrew|he heb iw hebrew עברית
hi|Hindi|hi hin hindi हिन्दी
hr|Croatian|hr hrv scr croatian hrvatski
hu|Hungarian|hu hun hungarian magyar
hy|Armenian|hy arm hye armenian
id|Indonesian|id ind indonesian
is|Icelandic|is ice isl icelandic íslenska
it|Italian|it ita italian italiano
ja|Japanese|ja jp jpn japanese 日本語
ka|Georgian|ka geo kat georgian
kk|Kazakh|kk kaz kazakh
km|Khmer|km khm khmer
ko|Korean|ko kor korean 한국어
lt|Lithuanian|lt lit lithuanian lietuvių
lv|Latvian|lv lav latvian latviešu
mk|Macedonian|mk mac mkd macedonian
ml|Malayalam|ml mal malayalam
mr|Marathi|mr mar marathi
ms|Malay|ms may msa malay
nb|Norwegian (Bokmål)|nb nob bokmål bokmal
nl|Dutch|nl dut nld dutch nederlands flemish
nn|Norwegian (Nynorsk)|nn nno nynorsk
no|Norwegian|no nor norwegian norsk
pl|Polish|pl pol polish polski
pt|Portuguese|pt por portuguese português portugues
pt-BR|Portuguese (Brazil)|pt-br pb pob brazilian brasileiro
pt-PT|Portuguese (Portugal)|pt-pt
ro|Romanian|ro rum ron romanian română
ru|Russian|ru rus russian русский
sk|Slovak|sk slo slk slovak slovenčina
sl|Slovenian|sl slv slovenian slovene slovenščina
sq|Albanian|sq alb sqi albanian shqip
sr|Serbian|sr srp scc serbian srpski српски
sv|Swedish|sv swe swedish svenska
ta|Tamil|ta tam tamil தமிழ்
te|Telugu|te tel telugu తెలుగు
th|Thai|th tha thai ไทย
tr|Turkish|tr tur turkish türkçe turkce
uk|Ukrainian|uk ukr ukrainian українська
ur|Urdu|ur urd urdu
vi|Vietnamese|vi vie vietnamese
zh|Chinese|zh chi zho chinese 中文
zh-Hans|Chinese (Simplified)|zh-hans zh-cn zh-sg chs 简体 简体中文
zh-Hant|Chinese (Traditional)|zh-hant zh-tw zh-hk cht 繁體 繁體中文`

// A language is one that names of files mention.
type language struct {
	tag  string // BCP 47
	name string // in English
}

// byWord are the languages by the words that mean them.
var byWord = func() map[string]language {
	m := map[string]language{}
	for line := range strings.Lines(strings.TrimSpace(languages)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		for word := range strings.FieldsSeq(fields[2]) {
			m[word] = language{tag: fields[0], name: fields[1]}
		}
	}
	return m
}()

// variants are the words that say what subtitles are for, with what people read.
var variants = map[string]string{
	"forced":     "forced",
	"foreign":    "forced",
	"sdh":        "SDH",
	"cc":         "SDH",
	"hi":         "SDH", // hearing impaired, unless it is Hindi
	"commentary": "commentary",
	"signs":      "signs",
	"full":       "",
	"default":    "",
	"subs":       "",
	"sub":        "",
	"subtitles":  "",
	"subtitle":   "",
	"utf8":       "",
	"utf":        "",
	"8":          "",
	"srt":        "",
}

// maxWords is how many words at the end of a name are looked at.
const maxWords = 12

// A meaning is what the words of a name say about subtitles.
type meaning struct {
	language language // empty for unknown
	variant  string
}

// meaningOf reads the words at the end of a name. A code counts only if nothing but variants
// is behind it, because codes are words of some language ("it", "is", "no"); a name of a language
// counts anywhere.
func meaningOf(name string) (m meaning) {
	words := wordsOf(name)
	words = words[max(len(words)-maxWords, 0):]
	atEnd := true
	for i, word := range slices.Backward(words) {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		l, isLanguage := byWord[before+"-"+word]
		if isLanguage {
			m.language = l
			return m
		}
		l, isLanguage = byWord[word]
		variant, isVariant := variants[word]
		if isVariant && isLanguage {
			_, afterLanguage := byWord[before]
			isLanguage = !afterLanguage // "en.hi" is not Hindi
		}
		isCode := len(word) <= 3
		switch {
		case isLanguage && (atEnd || !isCode):
			m.language = l
			m.variant = cmp.Or(m.variant, variants[before])
			return m
		case isVariant && atEnd:
			m.variant = cmp.Or(m.variant, variant)
		default:
			atEnd = false
		}
	}
	return m
}

// wordsOf returns the words of a name in small letters.
func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), isSeparator)
}

// separators stand between the words of a name.
const separators = " ._-+,&()[]{}'"

func isSeparator(r rune) bool { return strings.ContainsRune(separators, r) }

// label returns what people read.
func (m meaning) label() string {
	switch {
	case m.variant == "":
		return m.language.name
	case m.language.name == "":
		return strings.ToUpper(m.variant[:1]) + m.variant[1:]
	}
	return m.language.name + " (" + m.variant + ")"
}
