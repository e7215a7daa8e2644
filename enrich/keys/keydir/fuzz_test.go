package keydir_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// Law E2: for any text before the PEM block, List either returns the key in the block or
// an error that names the file.
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
			t.Errorf("List with the text %q = %v, want an error that names the file", preamble, err)
		case err != nil:
		case len(infos) != 1 || infos[0].ID != want.ID || infos[0].Algorithm != "ES256":
			t.Errorf("List with the text %q = %+v, want the key %s", preamble, infos, want.ID)
		}
	})
}
