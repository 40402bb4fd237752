package resume_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// Half of a torrent of one file is downloaded, then the program restarts.
func Example() {
	dir, err := os.MkdirTemp("", "resume")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	id := swarm.ID{1}
	geometry := swarm.Geometry{Length: 40_000, PieceLength: 16_384}
	files := []swarm.File{{Path: "data", Length: geometry.Length}}
	path := filepath.Join(dir, "record")
	probe := resume.Probe{Swarms: []swarm.ID{id}, Geometry: geometry, Files: files, Stat: root.Lstat}

	for range 2 {
		record, err := resume.Load(path) // an error means that there is no usable record
		fmt.Println("record:", err == nil)
		verdict, err := record.Check(probe)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("held:", verdict.Record.Pieces.Count(), verdict.Record.Owned, verdict.Distrust)
		keeper, err := resume.OpenKeeper(verdict.Record, resume.Config{
			Geometry: geometry, Files: files, Stat: root.Lstat,
			Save: func(r resume.Record) error { return resume.Save(path, r) },
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if verdict.Record.Pieces.Count() == 0 {
			// A store does this: it calls Own, makes the file and writes.
			if err := keeper.Own([]string{"data"}); err != nil {
				fmt.Println(err)
				return
			}
			if err := root.WriteFile("data", make([]byte, geometry.Length), 0o666); err != nil {
				fmt.Println(err)
				return
			}
			keeper.Wrote(0)
			keeper.Wrote(2)
		}
		if err := keeper.Close(nil); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// record: false
	// held: 0 [] there is no record
	// record: true
	// held: 2 [data] <nil>
}
