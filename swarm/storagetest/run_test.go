package storagetest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// A broken storage breaks one clause of the contract. It has none of the
// optional abilities unless it says so.
type broken struct {
	swarm.Storage
	read  func(s swarm.Storage, p []byte, off int64) (int, error)
	write func(s swarm.Storage, p []byte, off int64) (int, error)
	close error
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if b.read != nil {
		return b.read(b.Storage, p, off)
	}
	return b.Storage.ReadAt(p, off)
}

func (b broken) WriteAt(p []byte, off int64) (int, error) {
	if b.write != nil {
		return b.write(b.Storage, p, off)
	}
	return b.Storage.WriteAt(p, off)
}

func (b broken) Close() error { return b.close }

// changesList is vectored, and changes the caller's list of buffers.
type changesList struct{ swarm.Storage }

func (c changesList) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := swarm.WriteVecAt(c.Storage, bufs, off)
	for i := range bufs {
		bufs[i] = bufs[i][:len(bufs[i])/2]
	}
	return n, err
}

// writesWithin writes what of p lies within the torrent, and succeeds.
func writesWithin(s swarm.Storage, p []byte, off int64) (int, error) {
	if off < 0 || off > oddLength {
		return len(p), nil
	}
	_, err := s.WriteAt(p[:min(int64(len(p)), oddLength-off)], off)
	return len(p), err
}

// forgetful is an Idler that forgets the first byte, and a Syncer that does too.
type forgetful struct{ swarm.Storage }

func (f forgetful) Idle() { _, _ = f.WriteAt([]byte{0}, 0) }

func (f forgetful) Sync() error {
	_, err := f.WriteAt([]byte{0}, 0)
	return err
}

// stripes is a WriteLaner whose lanes are no ranges.
type stripes struct{ swarm.Storage }

func (s stripes) WriteLane(off int64) int { return int(off / swarm.BlockLen % 4) }

// eofReader is vectored, and returns io.EOF with all bytes.
type eofReader struct{ swarm.Storage }

func (e eofReader) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := swarm.ReadVecAt(e.Storage, bufs, off)
	if err == nil {
		err = io.EOF
	}
	return n, err
}

// fewVectors writes no more buffers than one system call takes.
type fewVectors struct{ swarm.Storage }

func (f fewVectors) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	return swarm.WriteVecAt(f.Storage, bufs[:min(len(bufs), 1024)], off)
}

// broke maps the subtest that has to fail to a storage that it must fail for.
var broke = map[string]func(s swarm.Storage) swarm.Storage{
	"UnwrittenIsZeroOrNotExist": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, read: func(s swarm.Storage, p []byte, off int64) (int, error) {
			return 0, errors.New("there is nothing yet")
		}}
	},
	"PartlyWritten": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, read: func(s swarm.Storage, p []byte, off int64) (int, error) {
			n, err := s.ReadAt(p, off)
			p[0] |= 1
			return n, err
		}}
	},
	"RoundTrip": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, write: func(s swarm.Storage, p []byte, off int64) (int, error) {
			return s.WriteAt(p, off&^0x7fff)
		}}
	},
	"ReadBackAtOnce": func(s swarm.Storage) swarm.Storage {
		writes := 0
		return broken{Storage: s, write: func(s swarm.Storage, p []byte, off int64) (int, error) {
			if writes++; writes%10 == 0 {
				return len(p), nil
			}
			return s.WriteAt(p, off)
		}}
	},
	"ReadsFillOnlyP": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, read: func(s swarm.Storage, p []byte, off int64) (int, error) {
			n, err := s.ReadAt(p, off)
			if cap(p) > len(p) {
				p[:len(p)+1][len(p)] = 0
			}
			return n, err
		}}
	},
	"Boundaries": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, write: func(s swarm.Storage, p []byte, off int64) (int, error) {
			if off == oddLength-1 {
				return 0, io.ErrShortWrite
			}
			return s.WriteAt(p, off)
		}}
	},
	"Overwrite": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, write: func(s swarm.Storage, p []byte, off int64) (int, error) {
			if len(p) == 1005 {
				_, _ = s.WriteAt([]byte{0}, off+int64(len(p)))
			}
			return s.WriteAt(p, off)
		}}
	},
	"EmptyCalls": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, read: func(s swarm.Storage, p []byte, off int64) (int, error) {
			if off == oddLength {
				return 0, io.EOF
			}
			return s.ReadAt(p, off)
		}}
	},
	"OutsideTheTorrent": func(s swarm.Storage) swarm.Storage {
		return broken{Storage: s, write: writesWithin}
	},
	"Pads":           func(s swarm.Storage) swarm.Storage { return s }, // it knows of no pads
	"Vectors":        func(s swarm.Storage) swarm.Storage { return eofReader{s} },
	"Sync":           func(s swarm.Storage) swarm.Storage { return forgetful{s} },
	"WriteLane":      func(s swarm.Storage) swarm.Storage { return stripes{s} },
	"Idle":           func(s swarm.Storage) swarm.Storage { return forgetful{s} },
	"ChangesNoSlice": func(s swarm.Storage) swarm.Storage { return changesList{s} },
	"ManyVectors":    func(s swarm.Storage) swarm.Storage { return fewVectors{s} },
	"KeepsNoSlice": func(s swarm.Storage) swarm.Storage {
		kept := map[int64][]byte{}
		return broken{Storage: s,
			write: func(s swarm.Storage, p []byte, off int64) (int, error) {
				kept[off] = p
				return s.WriteAt(p, off)
			},
			read: func(s swarm.Storage, p []byte, off int64) (int, error) {
				if k, ok := kept[off]; ok && len(k) >= len(p) {
					return copy(p, k), nil
				}
				return s.ReadAt(p, off)
			}}
	},
	"OneByte": func(s swarm.Storage) swarm.Storage { return broken{Storage: s, close: errors.New("no")} },
}

// TestRunFindsBrokenStorages runs the suite on each broken storage in a process
// of its own, where it must fail in the subtest named.
func TestRunFindsBrokenStorages(t *testing.T) {
	if name := os.Getenv("STORAGETEST_BROKEN"); name != "" {
		t.Run("Run", func(t *testing.T) {
			Run(t, func(_ *testing.T, length int64) swarm.Storage { return broke[name](swarm.NewMemory(length)) })
			t.Run("Pads", func(t *testing.T) {
				RunPads(t, func(_ *testing.T, length int64, _ []swarm.Span) swarm.Storage {
					return broke[name](swarm.NewMemory(length))
				})
			})
		})
		return
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Skipf("no path to this program: %v", err)
	}
	for name := range broke {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(self, "-test.run=^TestRunFindsBrokenStorages$/^Run$/^"+name+"$")
			child.Env = append(os.Environ(), "STORAGETEST_BROKEN="+name)
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "FAIL: TestRunFindsBrokenStorages/Run/"+name) {
				t.Errorf("the suite passed a storage that breaks %s: %v\n%s", name, err, out)
			}
		})
	}
}
