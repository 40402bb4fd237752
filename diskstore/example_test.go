package diskstore_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/swarm"
)

// Two files and the pad between them are one sequence of bytes.
func Example() {
	dir, err := os.MkdirTemp("", "diskstore")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	store, err := diskstore.Open(dir, []swarm.File{
		{Path: "song/words.txt", Offset: 0, Length: 5},
		{Path: ".pad/3", Offset: 5, Length: 3, Pad: true},
		{Path: "song/tune.txt", Offset: 8, Length: 5},
	}, diskstore.Options{
		Own: func(paths []string) error {
			fmt.Println("about to make", paths)
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	if _, err := store.WriteVecAt([][]byte{[]byte("lorem"), make([]byte, 3), []byte("ipsum")}, 0); err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Sync(); err != nil {
		fmt.Println(err)
		return
	}
	tune, err := os.ReadFile(filepath.Join(dir, "song", "tune.txt"))
	fmt.Printf("%s %v\n", tune, err)
	// Output:
	// about to make [song/ song/words.txt song/tune.txt]
	// ipsum <nil>
}
