package mediatype

import "strings"

// A row of the table has extensions, separated by spaces, that share a type.
type row struct {
	extensions string
	t          Type
}

// rows are the types by extension. What a browser could run is not in it: HTML, SVG, XML, PDF
// and the like are attachments without a type of their own.
var rows = []row{
	{"mp4 m4v mp4v", media("video/mp4", Video, true)},
	{"webm", media("video/webm", Video, true)},
	{"ogv ogm ogx", media("video/ogg", Video, true)},
	{"mkv mk3d", media("video/x-matroska", Video, true)},
	{"mov qt", media("video/quicktime", Video, true)},
	{"3gp 3gpp", media("video/3gpp", Video, true)},
	{"3g2", media("video/3gpp2", Video, true)},
	{"avi divx xvid", media("video/x-msvideo", Video, false)},
	{"mpg mpeg mpe m1v m2v mpv vob", media("video/mpeg", Video, false)},
	{"ts m2ts mts m2t tp trp", media("video/mp2t", Video, false)},
	{"wmv asf", media("video/x-ms-wmv", Video, false)},
	{"flv f4v", media("video/x-flv", Video, false)},
	{"rm rmvb", Type{ContentType: "application/vnd.rn-realmedia", Kind: Video}},
	{"dv", media("video/dv", Video, false)},
	{"mxf", Type{ContentType: "application/mxf", Kind: Video}},
	{"h264 264 avc", media("video/h264", Video, false)},
	{"h265 265 hevc", media("video/h265", Video, false)},
	{"y4m", media("video/x-yuv4mpeg", Video, false)},

	{"mp3", media("audio/mpeg", Audio, true)},
	{"m4a m4b m4r", media("audio/mp4", Audio, true)},
	{"aac", media("audio/aac", Audio, true)},
	{"oga ogg opus spx", media("audio/ogg", Audio, true)},
	{"flac", media("audio/flac", Audio, true)},
	{"wav wave", media("audio/wav", Audio, true)},
	{"weba", media("audio/webm", Audio, true)},
	{"mp1 mp2 mpa mpga", media("audio/mpeg", Audio, false)},
	{"mka", media("audio/x-matroska", Audio, false)},
	{"wma", media("audio/x-ms-wma", Audio, false)},
	{"aif aiff aifc", media("audio/aiff", Audio, false)},
	{"ac3", media("audio/ac3", Audio, false)},
	{"eac3 ec3", media("audio/eac3", Audio, false)},
	{"dts dtshd", media("audio/vnd.dts", Audio, false)},
	{"ape", media("audio/x-ape", Audio, false)},
	{"wv", media("audio/x-wavpack", Audio, false)},
	{"tta", media("audio/x-tta", Audio, false)},
	{"mpc", media("audio/x-musepack", Audio, false)},
	{"amr", media("audio/amr", Audio, false)},
	{"caf", media("audio/x-caf", Audio, false)},
	{"au snd", media("audio/basic", Audio, false)},
	{"dsf dff", media("audio/x-dsd", Audio, false)},
	{"mid midi", media("audio/midi", Audio, false)},

	{"jpg jpeg jpe jfif", media("image/jpeg", Image, true)},
	{"png", media("image/png", Image, true)},
	{"apng", media("image/apng", Image, true)},
	{"gif", media("image/gif", Image, true)},
	{"webp", media("image/webp", Image, true)},
	{"avif", media("image/avif", Image, true)},
	{"bmp", media("image/bmp", Image, true)},
	{"ico", media("image/x-icon", Image, true)},
	{"tif tiff", media("image/tiff", Image, false)},
	{"heic heif", media("image/heic", Image, false)},
	{"jxl", media("image/jxl", Image, false)},

	{"txt text nfo diz log md cue sfv md5 sha1 sha256 csv", media(plainText, Text, true)},
	{"srt", media(plainText, Subtitles, true)},
	{"vtt", media("text/vtt; charset=utf-8", Subtitles, true)},

	{"zip", attachment("application/zip")},
	{"rar", attachment("application/vnd.rar")},
	{"7z", attachment("application/x-7z-compressed")},
	{"gz tgz", attachment("application/gzip")},
	{"bz2", attachment("application/x-bzip2")},
	{"xz", attachment("application/x-xz")},
	{"zst", attachment("application/zstd")},
	{"tar", attachment("application/x-tar")},
	{"iso", attachment("application/x-iso9660-image")},
	{"epub", attachment("application/epub+zip")},
	{"mobi azw", attachment("application/x-mobipocket-ebook")},
	{"torrent", attachment("application/x-bittorrent")},
}

const plainText = "text/plain; charset=utf-8"

func media(contentType string, kind Kind, browser bool) Type {
	return Type{ContentType: contentType, Kind: kind, Inline: true, Browser: browser}
}

func attachment(contentType string) Type { return Type{ContentType: contentType} }

// byExtension is the table by extension, each with its dot and in small letters.
var byExtension = func() map[string]Type {
	m := map[string]Type{}
	for _, r := range rows {
		for ext := range strings.FieldsSeq(r.extensions) {
			m["."+ext] = r.t
		}
	}
	return m
}()

// active are extensions that say enough: no bytes make such a file something else.
var active = func() map[string]bool {
	m := map[string]bool{}
	for ext := range strings.FieldsSeq(`html htm xhtml xht shtml mht mhtml svg svgz xml xsl xslt rss atom
		mathml pdf swf js mjs css json wasm htc hta php asp aspx jsp exe msi com bat cmd ps1 vbs scr
		dll lnk url sh apk jar deb rpm dmg pkg app so dylib py pl rb m3u m3u8 pls xspf wpl asx
		doc docx xls xlsx ppt pptx odt ods odp rtf`) {
		m["."+ext] = true
	}
	return m
}()

// bySniffing are the types that http.DetectContentType may choose, by its answer.
var bySniffing = map[string]Type{
	"video/mp4":       media("video/mp4", Video, true),
	"video/webm":      media("video/webm", Video, true),
	"video/avi":       media("video/x-msvideo", Video, false),
	"application/ogg": media("video/ogg", Video, true),
	"audio/mpeg":      media("audio/mpeg", Audio, true),
	"audio/wave":      media("audio/wav", Audio, true),
	"audio/aiff":      media("audio/aiff", Audio, false),
	"audio/basic":     media("audio/basic", Audio, false),
	"audio/midi":      media("audio/midi", Audio, false),
	"image/jpeg":      media("image/jpeg", Image, true),
	"image/png":       media("image/png", Image, true),
	"image/gif":       media("image/gif", Image, true),
	"image/webp":      media("image/webp", Image, true),
	"image/bmp":       media("image/bmp", Image, true),
}
