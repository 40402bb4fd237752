package archive

import (
	"encoding/binary"
	"math"
	"time"
)

// The signatures and sizes are those of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
const (
	localSignature      = 0x04034b50
	descriptorSignature = 0x08074b50
	centralSignature    = 0x02014b50
	endSignature        = 0x06054b50
	end64Signature      = 0x06064b50
	locatorSignature    = 0x07064b50

	localSize        = 30
	descriptorSize   = 16
	descriptor64Size = 24
	end64Size        = 56

	max16 = math.MaxUint16 // stands for "see the Zip64 record"
	max32 = math.MaxUint32 // likewise

	zip64Extra = 0x0001
	timeExtra  = 0x5455 // Info-ZIP's extended timestamp

	flags = 1<<3 | 1<<11 // the checksum follows the content; the name is UTF-8

	version   = 20
	version64 = 45
	unix      = 3 << 8         // what the external attributes mean
	mode      = 0o100644 << 16 // a regular file that nobody may execute
)

// A file is what the records say of an entry.
type file struct {
	name    string
	size    uint64 // in bytes; not negative, once New is done
	dosTime uint32 // date and time, at a resolution of 2 s
	time    uint32 // seconds since 1970, up to 2038: programs differ in how they read others
	timed   bool   // time is known
}

func newFile(name string, e Entry) file {
	f := file{name: name, size: uint64(e.Size), dosTime: dosTime(e.Modified)}
	seconds := e.Modified.Unix()
	f.timed = !e.Modified.IsZero() && (seconds >= 0) && (seconds <= math.MaxInt32)
	if f.timed {
		f.time = uint32(seconds)
	}
	return f
}

// dosTime returns the time in the format of MS-DOS, or the nearest that it has: it counts from
// 1980 to 2107.
func dosTime(t time.Time) uint32 {
	t = t.UTC()
	if t.Year() < 1980 {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if t.Year() > 2107 {
		t = time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)
	}
	date := (t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day()
	return uint32(date)<<16 | uint32(t.Hour()<<11|t.Minute()<<5|t.Second()/2)
}

// big reports whether the size of the file needs Zip64.
func (f file) big() bool { return f.size >= max32 }

// needs returns the version of the format that a record needs.
func needs(zip64 bool) uint16 {
	if zip64 {
		return version64
	}
	return version
}

// appendLocal appends the header that stands before the content. Checksum and sizes are zero in
// it, because a data descriptor has them; a Zip64 field says that those are 8 bytes long.
func (f file) appendLocal(b []byte) []byte {
	extra := f.appendTimeExtra(f.appendLocalZip64(nil))
	small := uint32(0)
	if f.big() {
		small = max32
	}
	b = binary.LittleEndian.AppendUint32(b, localSignature)
	b = binary.LittleEndian.AppendUint16(b, needs(f.big()))
	b = f.appendCommon(b)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, small)
	b = binary.LittleEndian.AppendUint32(b, small)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.name)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(extra)))
	b = append(b, f.name...)
	return append(b, extra...)
}

// appendCommon appends flags, method (stored) and time, which both headers have in this order.
func (f file) appendCommon(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, flags)
	b = binary.LittleEndian.AppendUint16(b, 0)
	return binary.LittleEndian.AppendUint32(b, f.dosTime)
}

// appendLocalZip64 appends the Zip64 field of the local header, if the file needs it.
func (f file) appendLocalZip64(b []byte) []byte {
	if !f.big() {
		return b
	}
	b = binary.LittleEndian.AppendUint16(b, zip64Extra)
	b = binary.LittleEndian.AppendUint16(b, 16)
	return append(b, make([]byte, 16)...)
}

func (f file) appendTimeExtra(b []byte) []byte {
	if !f.timed {
		return b
	}
	b = binary.LittleEndian.AppendUint16(b, timeExtra)
	b = binary.LittleEndian.AppendUint16(b, 5)
	b = append(b, 1) // of the times there are, this is the modification
	return binary.LittleEndian.AppendUint32(b, f.time)
}

// appendDescriptor appends what follows the content.
func (f file) appendDescriptor(b []byte, sum uint32) []byte {
	b = binary.LittleEndian.AppendUint32(b, descriptorSignature)
	b = binary.LittleEndian.AppendUint32(b, sum)
	if f.big() {
		b = binary.LittleEndian.AppendUint64(b, f.size)
		return binary.LittleEndian.AppendUint64(b, f.size)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(f.size))
	return binary.LittleEndian.AppendUint32(b, uint32(f.size))
}

// localLength returns the length in bytes of local header, content and descriptor.
func (f file) localLength() int64 {
	n := localSize + len(f.name) + len(f.appendTimeExtra(f.appendLocalZip64(nil))) + descriptorSize
	if f.big() {
		n += descriptor64Size - descriptorSize
	}
	return int64(n) + int64(f.size)
}

// appendCentral appends the file's header of the central directory. offset is where its local
// header begins. If one of the values needs Zip64, all are in its field: unzip 6.00 misreads a
// field that has only the offset if a file of exactly 4 GiB - 1 stands before it.
func (f file) appendCentral(b []byte, sum uint32, offset int64) []byte {
	zip64 := f.big() || (offset >= max32)
	size, at := uint32(max32), uint32(max32)
	var extra []byte
	if zip64 {
		extra = f.appendCentralZip64(extra, offset)
	} else {
		size, at = uint32(f.size), uint32(offset)
	}
	extra = f.appendTimeExtra(extra)
	b = binary.LittleEndian.AppendUint32(b, centralSignature)
	b = binary.LittleEndian.AppendUint16(b, unix|needs(zip64))
	b = binary.LittleEndian.AppendUint16(b, needs(zip64))
	b = f.appendCommon(b)
	b = binary.LittleEndian.AppendUint32(b, sum)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(f.name)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(extra)))
	b = append(b, make([]byte, 6)...) // comment, disk, internal attributes
	b = binary.LittleEndian.AppendUint32(b, mode)
	b = binary.LittleEndian.AppendUint32(b, at)
	b = append(b, f.name...)
	return append(b, extra...)
}

// appendCentralZip64 appends the Zip64 field of the central header.
func (f file) appendCentralZip64(b []byte, offset int64) []byte {
	b = binary.LittleEndian.AppendUint16(b, zip64Extra)
	b = binary.LittleEndian.AppendUint16(b, 24)
	b = binary.LittleEndian.AppendUint64(b, f.size)
	b = binary.LittleEndian.AppendUint64(b, f.size)
	return binary.LittleEndian.AppendUint64(b, uint64(offset))
}

// appendEnd appends the records that end an archive of count files, whose central directory
// begins at offset and is size bytes long.
func appendEnd(b []byte, count int, offset, size int64) []byte {
	if (count >= max16) || (offset >= max32) || (size >= max32) {
		b = appendEnd64(b, count, offset, size)
	}
	b = binary.LittleEndian.AppendUint32(b, endSignature)
	b = append(b, 0, 0, 0, 0) // the disks
	b = binary.LittleEndian.AppendUint16(b, uint16(min(count, max16)))
	b = binary.LittleEndian.AppendUint16(b, uint16(min(count, max16)))
	b = binary.LittleEndian.AppendUint32(b, uint32(min(size, max32)))
	b = binary.LittleEndian.AppendUint32(b, uint32(min(offset, max32)))
	return append(b, 0, 0) // the comment
}

// appendEnd64 appends the Zip64 end of the central directory and the record that locates it.
func appendEnd64(b []byte, count int, offset, size int64) []byte {
	b = binary.LittleEndian.AppendUint32(b, end64Signature)
	b = binary.LittleEndian.AppendUint64(b, end64Size-12)
	b = binary.LittleEndian.AppendUint16(b, unix|version64)
	b = binary.LittleEndian.AppendUint16(b, version64)
	b = append(b, make([]byte, 8)...) // the disks
	b = binary.LittleEndian.AppendUint64(b, uint64(count))
	b = binary.LittleEndian.AppendUint64(b, uint64(count))
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	b = binary.LittleEndian.AppendUint64(b, uint64(offset))

	b = binary.LittleEndian.AppendUint32(b, locatorSignature)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(offset+size))
	return binary.LittleEndian.AppendUint32(b, 1)
}
