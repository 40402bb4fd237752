package archive

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName   = 255   // the longest name of a file or folder, in bytes; file systems store no longer one
	maxPath   = 4_000 // the longest path, in bytes; that of Linux is 4,096
	maxNumber = 12    // the length of " (2)" and the like, at most
)

// safeNames returns the paths of the entries in the archive. They are relative, can be stored on
// Linux, macOS and Windows, and differ also where case does not count. Two that differ only in
// how Unicode composes their letters are still one file on macOS.
func safeNames(entries []Entry) []string {
	names := make([]string, len(entries))
	u := uniquer{
		files:   make(map[string]bool, len(entries)),
		folders: map[string]bool{},
		next:    map[string]int{},
	}
	folded := make([]string, len(entries))
	for i, e := range entries {
		names[i] = safePath(e.Name)
		folded[i] = fold(names[i])
		u.addFolders(folded[i])
	}
	for i, name := range names {
		names[i] = u.unique(name, folded[i])
	}
	return names
}

// safePath cleans the components of a path and drops those of which nothing is left. If the path
// is too long, it drops the innermost folders.
func safePath(p string) string {
	folder, name := "", "_"
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		folder, p = p[:i], p[i+1:]
	}
	if s := safeComponent(p); s != "" {
		name = s
	}
	var b strings.Builder
	for s := range strings.SplitSeq(folder, "/") {
		s = safeComponent(s)
		if s == "" {
			continue
		}
		if b.Len()+len(s)+1+len(name) > maxPath {
			break
		}
		b.WriteString(s)
		b.WriteByte('/')
	}
	b.WriteString(name)
	return b.String()
}

// safeComponent cleans one component of a path. It returns "" if nothing is left, as of "..".
func safeComponent(s string) string {
	s = strings.Map(safeRune, s) // makes U+FFFD of bytes that are not UTF-8
	s = strings.TrimRight(s, ". ")
	if s == "" {
		return ""
	}
	if isDevice(s) {
		s = "_" + s
	}
	return strings.TrimRight(shorten(s, maxName), ". ")
}

// safeRune replaces what Windows cannot store, what a terminal obeys, and what turns the
// direction of text, which can make a program look like a picture.
func safeRune(r rune) rune {
	switch r {
	case '/', '\\', '<', '>', ':', '"', '|', '?', '*':
		return '_'
	}
	isBreak := (r >= 0x2028) && (r <= 0x202e)
	isIsolate := (r >= 0x2066) && (r <= 0x2069)
	if unicode.IsControl(r) || isBreak || isIsolate {
		return '_'
	}
	return r
}

// isDevice reports whether Windows reserves the name for a device, which it does also if the
// name has an extension.
// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
func isDevice(s string) bool {
	s, _, _ = strings.Cut(s, ".")
	s = strings.ToUpper(strings.TrimRight(s, " "))
	switch s {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	number, isPort := strings.CutPrefix(s, "COM")
	if !isPort {
		number, isPort = strings.CutPrefix(s, "LPT")
	}
	return isPort && (utf8.RuneCountInString(number) == 1) && strings.Contains("0123456789¹²³", number)
}

// shorten cuts a name to n bytes, but keeps its extension.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	ext := extension(s)
	return cut(s[:len(s)-len(ext)], n-len(ext)) + ext
}

// cut cuts s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for (n > 0) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// extension returns the extension of a name, with its dot, if it has at most 20 bytes.
func extension(s string) string {
	ext := path.Ext(s)
	if (len(ext) > 20) || (len(ext) == len(s)) {
		return ""
	}
	return ext
}

// A uniquer makes paths different. Its keys are folded.
type uniquer struct {
	files   map[string]bool
	folders map[string]bool
	next    map[string]int // the number to try next, by the name without one
}

// fold returns the same string for paths that differ only in case.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.ToLower(strings.ToUpper(s)) // some letters have two small forms, or two capital ones
		}
	}
	return strings.ToLower(s)
}

// addFolders notes the folders that a folded path is in. It stops at the first that it knows,
// whose own folders it knows as well.
func (u *uniquer) addFolders(p string) {
	for i := strings.LastIndexByte(p, '/'); i >= 0; i = strings.LastIndexByte(p, '/') {
		p = p[:i]
		if u.folders[p] {
			return
		}
		u.folders[p] = true
	}
}

// unique returns p, whose folded form is key, or p with a number if another file or a folder has
// that path. The numbers of names that look the same go on where they stopped, so that 100,000
// equal names take as many steps, and not their square.
func (u *uniquer) unique(p, key string) string {
	if !u.files[key] && !u.folders[key] {
		u.files[key] = true
		return p
	}
	folder, name := path.Split(p)
	ext := extension(name)
	stem := cut(name[:len(name)-len(ext)], maxName-len(ext)-maxNumber)
	counter := fold(folder + stem + ext)
	for n := max(u.next[counter], 2); ; n++ {
		candidate := folder + stem + " (" + strconv.Itoa(n) + ")" + ext
		key = fold(candidate)
		if !u.files[key] && !u.folders[key] {
			u.files[key] = true
			u.next[counter] = n + 1
			return candidate
		}
	}
}
