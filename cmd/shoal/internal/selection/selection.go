package selection

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

// A File is a file of a torrent that can be chosen. Pads cannot.
type File struct {
	Index  int    // of the entry in the torrent
	Number int    // from 1, for people
	Path   string // as the torrent has it; escape it to show it
	Length int64  // in bytes
}

// Files returns the files of a torrent that can be chosen, in order.
func Files(info *metainfo.Info) (all []File) {
	for i, f := range info.Entries {
		if !f.Pad {
			all = append(all, File{i, len(all) + 1, f.Path, f.Length})
		}
	}
	return all
}

// Patterns are what the user wrote, in order. They may be used by many goroutines at once.
type Patterns []pattern

// A pattern is one of Patterns.
type pattern struct {
	text     string // as the user wrote it
	takeBack bool
	globs    []glob
	ranges   []numbers // empty if it has none
}

// numbers are those of files, first and last included.
type numbers struct{ first, last int }

// Parse reads patterns.
func Parse(texts []string) (all Patterns, err error) {
	for _, text := range texts {
		p, err := parsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", shortened(text), err)
		}
		all = append(all, p)
	}
	return all, nil
}

// shortened returns the beginning of a long pattern, to show it.
func shortened(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

func parsePattern(text string) (p pattern, err error) {
	p.text = text
	text, p.takeBack = strings.CutPrefix(text, "!")
	switch {
	case text == "" || strings.Trim(text, "/.") == "":
		return p, errors.New("it names no file")
	case len(text) > maxPattern:
		return p, fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	p.ranges, _ = parseNumbers(text)
	texts, err := expandBraces(text)
	if err != nil {
		return p, err
	}
	for _, t := range texts {
		g, err := compileGlob(t)
		if err != nil {
			return p, err
		}
		p.globs = append(p.globs, g)
	}
	if strings.ContainsAny(text, `*?[{\`) {
		p.globs = append(p.globs, literalGlob(text))
	}
	return p, nil
}

// parseNumbers reads numbers of files, such as 3 or 1-5,8.
func parseNumbers(text string) (all []numbers, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err := strconv.ParseUint(low, 10, 31)
		last, err2 := strconv.ParseUint(high, 10, 31)
		if err != nil || err2 != nil || first > last {
			return nil, false
		}
		all = append(all, numbers{int(first), int(last)})
	}
	return all, true
}

// Choose returns which files are wanted, by their place in files. The last pattern that matches a
// file decides. Files that none matches are wanted only if the first pattern takes files back.
// A pattern that matches no file is an error that lists what there is; so is a choice of nothing.
func (all Patterns) Choose(info *metainfo.Info, files []File) ([]bool, error) {
	wanted := make([]bool, len(files))
	if len(all) == 0 || all[0].takeBack {
		for i := range wanted {
			wanted[i] = true
		}
	}
	paths := make([][][]rune, len(files))
	for i, f := range files {
		for name := range strings.SplitSeq(f.Path, "/") {
			paths[i] = append(paths[i], characters(name))
		}
	}
	for _, p := range all {
		matched, err := p.match(info, files, paths)
		if err != nil {
			return nil, err
		}
		for i, is := range matched {
			if is {
				wanted[i] = !p.takeBack
			}
		}
	}
	if len(files) > 0 && !slices.Contains(wanted, true) {
		return nil, advice.New(errors.New("--select leaves no file to download"), "Leave a pattern with ! out, or name files after it.")
	}
	return wanted, nil
}

// match returns which files a pattern matches, by name or by number.
func (p *pattern) match(info *metainfo.Info, files []File, paths [][][]rune) ([]bool, error) {
	matched := make([]bool, len(files))
	for i := range files {
		matched[i] = p.matchesPath(info, paths[i])
	}
	if len(paths) > 0 && !slices.Contains(matched, true) && !info.Single && p.matchesName(paths[0][0]) {
		for i := range matched {
			matched[i] = true
		}
	}
	isName := slices.Contains(matched, true)
	isNumber := len(p.ranges) > 0 && !slices.ContainsFunc(p.ranges, func(n numbers) bool { return n.first < 1 || n.last > len(files) })
	switch {
	case isName && isNumber:
		return nil, advice.New(fmt.Errorf("--select %s: that is the number of a file, and also a name", p.text),
			fmt.Sprintf("For the name, write '**/%s'. For the number, write the path instead: %s", p.text, terminal.Sanitize(files[p.ranges[0].first-1].Path)))
	case !isName && !isNumber:
		return nil, p.noMatch(info, files)
	case isNumber:
		for _, n := range p.ranges {
			for i := n.first - 1; i < n.last; i++ {
				matched[i] = true
			}
		}
	}
	return matched, nil
}

// matchesPath reports whether the names of a path match. The torrent's folder may be named at the
// beginning of a pattern, or left out.
func (p *pattern) matchesPath(info *metainfo.Info, path [][]rune) bool {
	if info.Single {
		return slices.ContainsFunc(p.globs, func(g glob) bool { return g.matches(path) })
	}
	return slices.ContainsFunc(p.globs, func(g glob) bool {
		return g.matches(path[1:]) || (g.startsWith(path[0]) && g[1:].matches(path[1:]))
	})
}

// matchesName reports whether a pattern without a slash is the name of the torrent's folder.
func (p *pattern) matchesName(folder []rune) bool {
	inside := []rune{-1} // a name that only stars match
	return slices.ContainsFunc(p.globs, func(g glob) bool {
		return g[0].anyPath && g[1:].startsWith(folder) && g[1:].matches([][]rune{folder, inside})
	})
}

// startsWith reports whether the first component of a glob has no special characters, and is that
// name.
func (g glob) startsWith(name []rune) bool {
	if g[0].anyPath || len(g[0].matchers) != len(name) {
		return false
	}
	for i, m := range g[0].matchers {
		if m.star || m.any || m.class || m.char != name[i] {
			return false
		}
	}
	return true
}

// listed is how many files an error lists.
const listed = 20

// noMatch returns the error that a pattern matches no file, and lists what there is.
func (p *pattern) noMatch(info *metainfo.Info, files []File) error {
	err := fmt.Errorf("--select %s: no file of %s matches", terminal.Sanitize(shortened(p.text)), terminal.Sanitize(info.Name))
	if len(p.ranges) > 0 {
		err = fmt.Errorf("--select %s: %s has %s, and none of that name", p.text, terminal.Sanitize(info.Name), quantity.Count(len(files), "file"))
	}
	var b strings.Builder
	if p.matchesFolded(info, files) {
		b.WriteString("The case of letters counts, and it differs. ")
	}
	b.WriteString("There is:\n")
	for i, f := range files {
		if i == listed {
			fmt.Fprintf(&b, " and %s; inspect --files lists all\n", quantity.Count(len(files)-i, "more file"))
			break
		}
		fmt.Fprintf(&b, " %s\n", Line(f))
	}
	return advice.New(err, b.String())
}

// Line returns a file with its number and length, fit for a terminal.
func Line(f File) string {
	return fmt.Sprintf("%6d  %10s  %s", f.Number, quantity.Size(f.Length), terminal.Sanitize(f.Path))
}

// matchesFolded reports whether a file would match if case did not count.
func (p *pattern) matchesFolded(info *metainfo.Info, files []File) bool {
	folded, err := parsePattern(strings.ToLower(p.text))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(files, func(f File) bool {
		var path [][]rune
		for name := range strings.SplitSeq(strings.ToLower(f.Path), "/") {
			path = append(path, characters(name))
		}
		return folded.matchesPath(info, path)
	})
}

// Priorities returns a priority for each entry of a torrent: 4 if it is wanted, and else 0. wanted is
// by place in files. A pad is never wanted for its own sake.
func Priorities(info *metainfo.Info, files []File, wanted []bool) []uint8 {
	const usual = 4
	all := make([]uint8, len(info.Entries))
	for i, f := range files {
		if wanted[i] {
			all[f.Index] = usual
		}
	}
	return all
}
