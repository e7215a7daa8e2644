package keydir_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// start is the time at which these tests start.
var start = time.Date(2030, 5, 1, 12, 0, 0, 123456789, time.UTC)

func openDir(t testing.TB) (dir *keydir.Dir, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a", "keys")
	dir, err := keydir.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return dir, path
}

func newKey(t testing.TB, dir *keydir.Dir, algorithm string, now time.Time) keydir.Info {
	t.Helper()
	info, err := dir.New(algorithm, now)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func list(t testing.TB, dir *keydir.Dir, now time.Time) []keydir.Info {
	t.Helper()
	infos, err := dir.List(now)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

// states returns the states of the keys, in the order of the list.
func states(t testing.TB, dir *keydir.Dir, now time.Time) string {
	t.Helper()
	var states []string
	for _, info := range list(t, dir, now) {
		states = append(states, string(info.State))
	}
	return strings.Join(states, " ")
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNew_FileIsReadableOnlyByItsOwner(t *testing.T) {
	dir, path := openDir(t)
	for _, algorithm := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"} {
		info := newKey(t, dir, algorithm, start)
		if info.Algorithm != algorithm || info.State != keydir.Active || filepath.Dir(info.Path) != path {
			t.Errorf("New(%s) = %+v, want an active key of the algorithm in %s", algorithm, info, path)
		}
		file, err := os.Stat(info.Path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := file.Mode().Perm(); mode != 0o600 {
			t.Errorf("key file of mode %o, want 600", mode)
		}
	}
	directory, err := os.Stat(path)
	if err != nil || directory.Mode().Perm() != 0o700 {
		t.Errorf("directory of mode %v (%v), want 700", directory.Mode(), err)
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != 6 {
		t.Errorf("%d files (%v), want only the 6 keys", len(entries), err)
	}
}

func TestNew_RefusesUnknownAlgorithms(t *testing.T) {
	dir, path := openDir(t)
	for _, algorithm := range []string{"HS256", "none", "", "../ES256"} {
		if info, err := dir.New(algorithm, start); err == nil {
			t.Errorf("New(%q) = %+v, want an error", algorithm, info)
		}
	}
	if entries, _ := os.ReadDir(path); len(entries) != 0 {
		t.Errorf("%d files, want none", len(entries))
	}
}

func TestState_DependsOnlyOnTheFilesAndTheClock(t *testing.T) {
	dir, path := openDir(t)
	newKey(t, dir, "ES256", start)
	second := newKey(t, dir, "ES256", start)
	if second.State != keydir.Next || second.Active.Sub(start) < keydir.Publication || second.Active.Sub(start) > keydir.Publication {
		t.Errorf("the second key is %s and becomes active after %v, want next and %v", second.State, second.Active.Sub(start), keydir.Publication)
	}
	newKey(t, dir, "EdDSA", start)
	tests := []struct {
		name string
		now  time.Time
		want string
	}{
		{"at once", start, "active next active"},
		{"slow clock", start.Add(-time.Hour), "active next active"},
		{"just before", second.Active.Add(-1), "active next active"},
		{"from then on", second.Active, "retired active active"},
		{"much later", second.Active.Add(1000 * time.Hour), "retired active active"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := states(t, dir, tt.now); got != tt.want {
				t.Errorf("states %s, want %s", got, tt.want)
			}
		})
	}
	for _, info := range list(t, dir, start) { // a copy has other modification times
		if err := os.Chtimes(info.Path, start.Add(time.Hour), start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	copied, err := keydir.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := states(t, copied, second.Active); got != "retired active active" {
		t.Errorf("states of the copy %s, want retired active active", got)
	}
}

func TestNew_NeverReplacesAFile(t *testing.T) {
	dir, _ := openDir(t)
	first := newKey(t, dir, "ES256", start)
	newKey(t, dir, "ES256", start)
	if err := os.Remove(first.Path); err != nil {
		t.Fatal(err)
	}
	newKey(t, dir, "ES256", start)
	newKey(t, dir, "ES256", start)
	if got := len(list(t, dir, start)); got != 3 {
		t.Errorf("%d keys, want 3", got)
	}
}

// A directory may be listed although its files cannot be looked up.
func TestNew_FailsIfTheDirectoryCannotBeSearched(t *testing.T) {
	const longest = 4095 // bytes of a path, on Linux
	path := t.TempDir()
	for len(path) < longest-6 {
		path = filepath.Join(path, strings.Repeat("d", min(200, longest-6-len(path))))
	}
	dir, err := keydir.Create(path)
	if err != nil {
		t.Skipf("SKIPPED: this system does not allow such a long path: %v", err)
	}
	if info, err := dir.New("ES256", start); err == nil {
		t.Errorf("New = %+v, want an error", info)
	}
}

func TestKeyFile_FromAnotherToolIsUsed(t *testing.T) {
	for algorithm, word := range map[string]string{
		"RS256": keydir.AnyRSA, "ES256": "ES256", "ES384": "ES384", "ES512": "ES512", "EdDSA": "EdDSA",
	} {
		t.Run(algorithm, func(t *testing.T) {
			dir, path := openDir(t)
			issuer := enrichtest.NewIssuer(t, algorithm)
			write(t, filepath.Join(path, "tls.key"), issuer.PrivatePEM())
			infos := list(t, dir, start)
			if len(infos) != 1 || infos[0].Algorithm != word || infos[0].State != keydir.Active || !infos[0].Active.IsZero() {
				t.Errorf("List = %+v, want one key for %s that has always been active", infos, word)
			}
		})
	}
}

// The example of RFC 8037, appendices A.1 and A.3.
func TestKeyFile_KidIsTheThumbprint(t *testing.T) {
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	issuer := enrichtest.Issuer{Algorithm: "EdDSA", Private: ed25519.NewKeyFromSeed(seed)}
	dir, path := openDir(t)
	write(t, filepath.Join(path, "a.pem"), issuer.PrivatePEM())
	if got, want := list(t, dir, start)[0].ID, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("kid %s, want %s", got, want)
	}
}

func TestKeyFile_FromAnotherToolMayNameItsAlgorithm(t *testing.T) {
	dir, path := openDir(t)
	pem := enrichtest.NewIssuer(t, "RS256").PrivatePEM()
	write(t, filepath.Join(path, "a.pem"), append([]byte("Bag Attributes\r\nalgorithm: PS512\r\n"), pem...))
	if infos := list(t, dir, start); len(infos) != 1 || infos[0].Algorithm != "PS512" {
		t.Errorf("List = %+v, want one key for PS512", infos)
	}
}

func TestKeyFile_UnreadableIsAnErrorAndNothingIsMade(t *testing.T) {
	good := string(enrichtest.NewIssuer(t, "ES256").PrivatePEM())
	for name, text := range map[string]string{
		"garbage":                "garbage",
		"empty":                  "",
		"cut off":                good[:len(good)/2],
		"a public key":           string(enrichtest.NewIssuer(t, "ES256").PublicPEM()),
		"encrypted":              "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"another algorithm":      "algorithm: RS256\n" + good,
		"an unknown algorithm":   "algorithm: none\n" + good,
		"malformed active time":  "active: tomorrow\n" + good,
		"malformed created time": "created: yesterday\n" + good,
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := openDir(t)
			write(t, filepath.Join(path, "ES256-1.pem"), []byte(text))
			_, listErr := dir.List(start)
			_, newErr := dir.New("EdDSA", start)
			_, jwksErr := dir.JWKS(start, keydir.DefaultRetireAfter)
			_, ensureErr := dir.Ensure("EdDSA", start)
			for what, err := range map[string]error{"List": listErr, "New": newErr, "JWKS": jwksErr, "Ensure": ensureErr} {
				if err == nil {
					t.Errorf("%s has no error, want one", what)
				} else if strings.Contains(err.Error(), "BEGIN") || strings.Contains(err.Error(), "MIG") {
					t.Errorf("%s returned the error %q, want one that does not quote the file", what, err)
				}
			}
			if entries, _ := os.ReadDir(path); len(entries) != 1 {
				t.Errorf("%d files, want only the unreadable one", len(entries))
			}
		})
	}
}

func TestKeyFile_EncryptedIsReportedAsSuch(t *testing.T) {
	for name, text := range map[string]string{
		"PKCS #8":          "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"as OpenSSL 1 did": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
	} {
		dir, path := openDir(t)
		write(t, filepath.Join(path, "a.pem"), []byte(text))
		if _, err := dir.List(start); err == nil || !strings.Contains(err.Error(), "Decrypt it") {
			t.Errorf("%s: List = %v, want an error that says what to do", name, err)
		}
	}
}

func TestList_IgnoresOtherFiles(t *testing.T) {
	dir, path := openDir(t)
	newKey(t, dir, "ES256", start)
	for _, name := range []string{".new-123", "..data", "README", "ES256-1.pem.bak", ".hidden.pem"} {
		write(t, filepath.Join(path, name), []byte("garbage"))
	}
	if got := len(list(t, dir, start)); got != 1 {
		t.Errorf("%d keys, want 1", got)
	}
}

func TestList_OneKeyInTwoFilesIsOneKey(t *testing.T) {
	dir, path := openDir(t)
	info := newKey(t, dir, "ES256", start)
	text, err := os.ReadFile(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(path, "copy.pem"), text)
	if infos := list(t, dir, start); len(infos) != 1 || infos[0].State != keydir.Active {
		t.Errorf("List = %+v, want one active key", infos)
	}
}

func TestList_ReportsWorldReadableFiles(t *testing.T) {
	dir, _ := openDir(t)
	info := newKey(t, dir, "ES256", start)
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: false, 0o644: true, 0o444: true} {
		if err := os.Chmod(info.Path, mode); err != nil {
			t.Fatal(err)
		}
		if got := list(t, dir, start)[0].WorldReadable; got != want {
			t.Errorf("mode %o: world-readable %v, want %v", mode, got, want)
		}
	}
}

func TestKeyFile_BrokenLinkIsAnError(t *testing.T) {
	dir, path := openDir(t)
	newKey(t, dir, "ES256", start)
	if err := os.Symlink("gone.pem", filepath.Join(path, "link.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.List(start); err == nil {
		t.Error("List has no error, want one, because the link may have led to a key")
	}
}
