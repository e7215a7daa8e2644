package keydir_test

import (
	"fmt"
	"os"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// A rotation first publishes the next key. The key takes over when every client has
// fetched it.
func Example() {
	path, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)
	dir, err := keydir.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	if _, err := dir.New("ES256", now); err != nil {
		fmt.Println(err)
		return
	}
	rotations, err := dir.Rotate("ES256", now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the next key signs from", rotations[0].Key.Active.Format(time.TimeOnly))
	for _, at := range []time.Time{now, rotations[0].Key.Active} {
		infos, err := dir.List(at)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(at.Format(time.TimeOnly), infos[0].State, infos[1].State)
	}
	// Output:
	// the next key signs from 12:06:10
	// 12:00:00 active next
	// 12:06:10 retired active
}
