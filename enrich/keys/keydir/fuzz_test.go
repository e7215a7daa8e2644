package keydir_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// E2: the text before the key in its file may say anything; it is refused with
// the file's name, or the key is the one in the block.
func FuzzKeyFile_LinesChangeNoKey(f *testing.F) {
	path := f.TempDir()
	dir, err := keydir.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	want, err := dir.New("ES256", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(want.Path)
	if err != nil {
		f.Fatal(err)
	}
	preamble, block, _ := strings.Cut(string(text), "-----BEGIN")
	for _, seed := range []string{preamble, "", "algorithm: RS256\n", "algorithm: RSA\n", "active: now\n", "created: 0000-01-01T00:00:00Z\r\nactive: 9999-12-31T23:59:59Z\n", "algorithm:\nalgorithm: none"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, preamble string) {
		if strings.Contains(preamble, "-----") {
			t.Skip("another block")
		}
		if err := os.WriteFile(want.Path, []byte(preamble+"-----BEGIN"+block), 0o600); err != nil {
			t.Fatal(err)
		}
		infos, err := dir.List(time.Now())
		switch {
		case err != nil && !strings.Contains(err.Error(), want.Path):
			t.Errorf("%q: the fault names no file: %v", preamble, err)
		case err != nil:
		case len(infos) != 1 || infos[0].ID != want.ID || infos[0].Algorithm != "ES256":
			t.Errorf("%q: %+v, want key %s", preamble, infos, want.ID)
		}
	})
}
