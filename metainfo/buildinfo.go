package metainfo

import (
	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/dict"
)

// infoBytes returns the info dictionary of a plan whose hashes are known.
func (b Builder) infoBytes(p *plan, name string) []byte {
	var entries []dict.Entry
	put := func(key string, raw []byte) { entries = append(entries, dict.Entry{Key: key, Raw: raw}) }
	if b.Format.v1() {
		if p.info.Single {
			entries = append(entries, attributes(&p.files[0])...)
			put("length", bencode.AppendInt(nil, p.files[0].length))
		} else {
			put("files", listBytes(p.files))
		}
		put("pieces", bencode.AppendBytes(nil, p.one))
	}
	if b.Format.v2() {
		var files []rawFile
		for _, f := range p.files {
			if !f.pad {
				files = append(files, f)
			}
		}
		put("file tree", appendTree(nil, files, 0))
		put("meta version", bencode.AppendInt(nil, 2))
	}
	put("name", bencode.AppendString(nil, name))
	put("piece length", bencode.AppendInt(nil, p.info.PieceLength))
	if b.Private {
		put("private", bencode.AppendInt(nil, 1))
	}
	if b.Source != "" {
		put("source", bencode.AppendString(nil, b.Source))
	}
	return dict.Append(nil, entries)
}

// attributes returns the entries of BEP 47 for a file.
// https://www.bittorrent.org/beps/bep_0047.html
func attributes(f *rawFile) []dict.Entry {
	attr := ""
	switch {
	case f.pad:
		attr = "p"
	case f.symlink != nil:
		attr = "l"
	case f.executable:
		attr = "x"
	}
	if attr == "" {
		return nil
	}
	entries := []dict.Entry{{Key: "attr", Raw: bencode.AppendString(nil, attr)}}
	if f.symlink != nil {
		entries = append(entries, dict.Entry{Key: "symlink path", Raw: dict.AppendTexts(nil, f.symlink)})
	}
	return entries
}

// listBytes returns the "files" of a v1 info dictionary.
func listBytes(files []rawFile) []byte {
	dst := bencode.AppendList(nil)
	for n := range files {
		f := &files[n]
		dst = dict.Append(dst, append(attributes(f),
			dict.Entry{Key: "length", Raw: bencode.AppendInt(nil, f.length)},
			dict.Entry{Key: "path", Raw: dict.AppendTexts(nil, f.path)}))
	}
	return bencode.AppendEnd(dst)
}

// appendTree appends the part of a "file tree" below the first depth components
// of files, which have these in common and are sorted.
func appendTree(dst []byte, files []rawFile, depth int) []byte {
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
