package storagetest

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// Benchmark measures the storages that open makes, with calls like those of an engine.
// Each call of open must return an empty storage of length bytes, which the benchmark
// closes.
func Benchmark(b *testing.B, open func(b *testing.B, length int64) swarm.Storage) {
	const (
		length = 64 << 20
		piece  = 1 << 20
		blocks = piece / swarm.BlockLen
	)
	run := func(name string, bytes int64, call func(s swarm.Storage, bufs [][]byte, i int64) (int64, error)) {
		b.Run(name, func(b *testing.B) {
			s := open(b, length)
			bufs := cut(make([]byte, piece), swarm.BlockLen)
			for i := range int64(length / piece) {
				mustWriteVec(b, s, bufs, i*piece)
			}
			b.SetBytes(bytes)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				if n, err := call(s, bufs, i); n != bytes || err != nil {
					b.Fatalf("%d, %v", n, err)
				}
			}
			if err := s.Close(); err != nil {
				b.Errorf("Close: %v", err)
			}
		})
	}
	run("WritePiece", piece, func(s swarm.Storage, bufs [][]byte, i int64) (int64, error) {
		return swarm.WriteVecAt(s, bufs, i*piece%length)
	})
	run("WriteBlock", swarm.BlockLen, func(s swarm.Storage, bufs [][]byte, i int64) (int64, error) {
		n, err := s.WriteAt(bufs[0], i*swarm.BlockLen%length)
		return int64(n), err
	})
	run("ReadPiece", piece, func(s swarm.Storage, bufs [][]byte, i int64) (int64, error) {
		return swarm.ReadVecAt(s, bufs, i*piece%length)
	})
	run("ReadBlock", swarm.BlockLen, func(s swarm.Storage, bufs [][]byte, i int64) (int64, error) {
		n, err := s.ReadAt(bufs[i%blocks], i*swarm.BlockLen%length)
		return int64(n), err
	})
	b.Run("ReadBlockParallel", func(b *testing.B) {
		s := open(b, length)
		mustWrite(b, s, make([]byte, length), 0)
		b.SetBytes(swarm.BlockLen)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			p := make([]byte, swarm.BlockLen)
			for off := int64(0); pb.Next(); off = (off + 37*swarm.BlockLen) % length {
				if n, err := s.ReadAt(p, off); n != len(p) {
					b.Errorf("%d, %v", n, err)
					return
				}
			}
		})
		if err := s.Close(); err != nil {
			b.Errorf("Close: %v", err)
		}
	})
}
