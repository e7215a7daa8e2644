package keys_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// plant puts a key into the directory that would sign at once.
func plant(t *testing.T, dir string) {
	t.Helper()
	pem := enrichtest.NewIssuer(t, "ES256").PrivatePEM()
	text := "active: " + time.Now().UTC().Format(time.RFC3339Nano) + "\n" + string(pem)
	write(t, filepath.Join(dir, "planted.pem"), []byte(text))
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// Law E6.
func TestOpen_RefusesKeysThatOthersCanWrite(t *testing.T) {
	es := enrichtest.NewIssuer(t, "ES256")
	for name, change := range map[string]func(o *keys.Options, dir, file string){
		"a directory that everybody can write": func(_ *keys.Options, dir, _ string) { chmod(t, dir, 0o777) },
		"a directory that a group can write":   func(_ *keys.Options, dir, _ string) { chmod(t, dir, 0o770) },
		"a file that everybody can write":      func(_ *keys.Options, _, file string) { chmod(t, file, 0o606) },
		"a file that a group can write":        func(_ *keys.Options, _, file string) { chmod(t, file, 0o660) },
		"the backend's key": func(o *keys.Options, _, _ string) {
			o.BackendKey, o.Dir, o.Algorithm = file(t, es.PrivatePEM()), "", ""
			chmod(t, o.BackendKey, 0o606)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := openDir(t)
			info := newKey(t, dir, "ES256", time.Now())
			o := keys.Options{Dir: path, Algorithm: "ES256", PublicKey: file(t, es.PublicPEM())}
			change(&o, path, info.Path)
			if _, err := keys.Open(o); err == nil || !strings.Contains(err.Error(), "chmod") {
				t.Errorf("Open = %v, want an error with the command that repairs it", err)
			}
		})
	}
}

// Law E6: a key that was planted while others could write to the directory never
// signs, and is not published. The known keys stay in use.
func TestOwnKeys_PlantedKeyIsIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es := enrichtest.NewIssuer(t, "ES256")
		_, path := openDir(t)
		var log bytes.Buffer
		ring := openFile(t, setOf(es), func(o *keys.Options) {
			o.Dir, o.Logger = path, slog.New(slog.NewTextHandler(&log, nil))
		})
		known := signer(t, ring, token(es)).ID()
		run(t, ring)
		chmod(t, path, 0o777)
		plant(t, path)
		pass(time.Hour)
		if got := signer(t, ring, token(es)).ID(); got != known || len(published(t, ring)) != 2 {
			t.Errorf("signer %s and published %v, want only the known key %s", got, published(t, ring), known)
		}
		if got := strings.Count(log.String(), "level=ERROR"); got != 1 || !strings.Contains(log.String(), "chmod go-w") {
			t.Errorf("log %s, want one error with the command that repairs it", log.String())
		}
		if err := ring.OwnKeysReady(); err == nil {
			t.Error("OwnKeysReady = nil while the directory is ignored, want an error")
		}
		if err := os.Remove(filepath.Join(path, "planted.pem")); err != nil {
			t.Fatal(err)
		}
		chmod(t, path, 0o755)
		pass(3 * time.Second)
		if err := ring.OwnKeysReady(); err != nil {
			t.Errorf("OwnKeysReady = %v after the repair, want nil", err)
		}
	})
}
