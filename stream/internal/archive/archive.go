package archive

import (
	"errors"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// copySize is how much content is read at once, in bytes.
const copySize = 64 << 10

// An Entry is a file that an Archive will have.
type Entry struct {
	Name     string    // path with slashes; New makes it safe
	Size     int64     // in bytes
	Modified time.Time // zero for none; otherwise stored in UTC
}

// An Archive is the plan of a .zip. It does not change, so its methods may be called
// concurrently.
type Archive struct {
	files   []file
	content int64 // where the central directory begins
	length  int64
}

// New plans an archive that has the entries in their order, and keeps no reference to them. It
// returns an error if a size is negative or the archive would be longer than an int64 counts.
func New(entries []Entry) (*Archive, error) {
	a := &Archive{files: make([]file, len(entries))}
	names := safeNames(entries)
	var scratch []byte
	directory := int64(0)
	for i, e := range entries {
		f := newFile(names[i], e)
		scratch = f.appendLocal(scratch[:0])
		scratch = f.appendDescriptor(scratch, 0)
		overhead := int64(len(scratch))
		if (e.Size < 0) || (e.Size > math.MaxInt64-a.content-overhead) {
			return nil, errors.New("archive: the sizes of the files are negative or too large for one archive; download fewer of them")
		}
		scratch = f.appendCentral(scratch[:0], 0, a.content)
		directory += int64(len(scratch))
		a.content += overhead + e.Size
		a.files[i] = f
	}
	end := int64(len(appendEnd(nil, len(a.files), a.content, directory)))
	if a.content > math.MaxInt64-directory-end {
		return nil, errors.New("archive: the files are too large for one archive; download fewer of them")
	}
	a.length = a.content + directory + end
	return a, nil
}

// Len returns the length of the whole archive in bytes.
func (a *Archive) Len() int64 { return a.length }

// Name returns the path that entry i has in the archive.
func (a *Archive) Name(i int) string { return a.files[i].name }

// Write writes the archive to w. For each entry that is not empty it calls open, reads as many
// bytes as the entry has, and closes the reader before it opens the next. It returns the first
// error of w, of open or of a reader, and io.ErrUnexpectedEOF if a file is shorter than its entry
// said. What was written until then is not an archive, so end the connection, because the end of
// a response would look like success.
func (a *Archive) Write(w io.Writer, open func(entry int) (io.ReadCloser, error)) error {
	sums := make([]uint32, len(a.files))
	buf := make([]byte, copySize)
	var record []byte
	for i, f := range a.files {
		record = f.appendLocal(record[:0])
		_, err := w.Write(record)
		if err != nil {
			return err
		}
		if f.size > 0 {
			sums[i], err = copyContent(w, buf, int64(f.size), func() (io.ReadCloser, error) { return open(i) })
			if err != nil {
				return err
			}
		}
		record = f.appendDescriptor(record[:0], sums[i])
		_, err = w.Write(record)
		if err != nil {
			return err
		}
	}
	return a.writeDirectory(w, buf[:0], sums)
}

// copyContent copies size bytes of the file that open opens and returns their checksum.
func copyContent(w io.Writer, buf []byte, size int64, open func() (io.ReadCloser, error)) (sum uint32, err error) {
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	crc := crc32.NewIEEE()
	n, err := io.CopyBuffer(io.MultiWriter(w, crc), io.LimitReader(r, size), buf)
	if (err == nil) && (n < size) {
		err = io.ErrUnexpectedEOF
	}
	return crc.Sum32(), err
}

// writeDirectory writes the central directory and what ends the archive. It collects records in
// buf, so that 100,000 files are not as many writes.
func (a *Archive) writeDirectory(w io.Writer, buf []byte, sums []uint32) error {
	offset, directory := int64(0), int64(0)
	for i, f := range a.files {
		before := len(buf)
		buf = f.appendCentral(buf, sums[i], offset)
		directory += int64(len(buf) - before)
		offset += f.localLength()
		if len(buf) < copySize/2 {
			continue
		}
		_, err := w.Write(buf)
		if err != nil {
			return err
		}
		buf = buf[:0]
	}
	_, err := w.Write(appendEnd(buf, len(a.files), a.content, directory))
	return err
}
