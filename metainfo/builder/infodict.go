package builder

import (
	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/dict"
)

// infoBytes returns the info dictionary with the hashes that are known.
func (p *plan) infoBytes() []byte {
	var entries []dict.Entry
	put := func(key string, raw []byte) { entries = append(entries, dict.Entry{Key: key, Raw: raw}) }
	if p.v1 {
		if p.single {
			entries = append(entries, attributes(&p.files[0])...)
			put("length", bencode.AppendInt(nil, p.files[0].length))
		} else {
			put("files", listBytes(p.files))
		}
		put("pieces", bencode.AppendBytes(nil, p.hashes1))
	}
	if p.v2 {
		var files []file
		for _, f := range p.files {
			if !f.pad() {
				files = append(files, f)
			}
		}
		put("file tree", appendTree(nil, files, 0))
		put("meta version", bencode.AppendInt(nil, 2))
	}
	put("name", bencode.AppendString(nil, p.name))
	put("piece length", bencode.AppendInt(nil, p.pieceLength))
	if p.options.Private {
		put("private", bencode.AppendInt(nil, 1))
	}
	if p.options.Source != "" {
		put("source", bencode.AppendString(nil, p.options.Source))
	}
	return dict.Append(nil, entries)
}

// attributes returns the entries of BEP 47 for a file.
// https://www.bittorrent.org/beps/bep_0047.html
func attributes(f *file) []dict.Entry {
	attr := func(s string) dict.Entry { return dict.Entry{Key: "attr", Raw: bencode.AppendString(nil, s)} }
	switch {
	case f.pad():
		return []dict.Entry{attr("p")}
	case f.input.symlink != nil:
		return []dict.Entry{attr("l"), {Key: "symlink path", Raw: dict.AppendTexts(nil, f.input.symlink)}}
	case f.input.executable:
		return []dict.Entry{attr("x")}
	}
	return nil
}

// listBytes returns the "files" of a v1 info dictionary.
func listBytes(files []file) []byte {
	dst := bencode.AppendList(nil)
	for n := range files {
		f := &files[n]
		dst = dict.Append(dst, append(attributes(f),
			dict.Entry{Key: "length", Raw: bencode.AppendInt(nil, f.length)},
			dict.Entry{Key: "path", Raw: dict.AppendTexts(nil, f.path)}))
	}
	return bencode.AppendEnd(dst)
}

// appendTree appends one folder of a "file tree": files are those below it, sorted.
// The folder is depth components deep, which all their paths have in common.
// BEP 52, "File tree layout": https://www.bittorrent.org/beps/bep_0052.html
func appendTree(dst []byte, files []file, depth int) []byte {
	dst = bencode.AppendDict(dst)
	for len(files) > 0 {
		name := files[0].path[depth]
		n := 1
		for n < len(files) && files[n].path[depth] == name {
			n++
		}
		dst = bencode.AppendString(dst, name)
		if f := &files[0]; len(f.path) == depth+1 {
			leaf := append(attributes(f), dict.Entry{Key: "length", Raw: bencode.AppendInt(nil, f.length)})
			if f.length > 0 {
				leaf = append(leaf, dict.Entry{Key: "pieces root", Raw: bencode.AppendBytes(nil, f.root[:])})
			}
			dst = dict.Append(dst, []dict.Entry{{Key: "", Raw: dict.Append(nil, leaf)}})
		} else {
			dst = appendTree(dst, files[:n], depth+1)
		}
		files = files[n:]
	}
	return bencode.AppendEnd(dst)
}
