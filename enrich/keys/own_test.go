package keys_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// signer returns the key that the ring signs the enriched token with, or nil.
func signer(t testing.TB, ring *keys.Ring, token string) enrich.Key {
	t.Helper()
	verified, err := verify(t, ring, token)
	if err != nil {
		t.Fatal(err)
	}
	return verified.Signer
}

// restores reports whether the ring can restore a token that the key signed.
func restores(t testing.TB, ring *keys.Ring, key enrich.Key) bool {
	t.Helper()
	signed := enrichtest.EncodeSegment(`{"alg":"`+key.Algorithm()+`","kid":"`+key.ID()+`"}`) + "." + enrichtest.EncodeSegment(`{}`)
	signature, err := key.Sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, restoreKey := range ring.RestoreKeys(key.Algorithm(), key.ID()) {
		if restoreKey.Verify(signed, signature) != nil {
			continue
		}
		plaintext, err := restoreKey.Open(key.Seal([]byte("sealed"), []byte("additional")), []byte("additional"))
		return err == nil && string(plaintext) == "sealed"
	}
	return false
}

func TestOwnKeys_AreMadeAtStartForTheKnownAlgorithms(t *testing.T) {
	issuers := []*enrichtest.Issuer{enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA")}
	tests := []struct {
		name   string
		change func(*keys.Options)
		want   string
	}{
		{"from a JWKS", func(o *keys.Options) { o.JWKS = file(t, setOf(issuers...)) }, "ES256 EdDSA"},
		{"from a public key", func(o *keys.Options) { o.PublicKey = file(t, issuers[0].PublicPEM()) }, "ES256"},
		{"from Algorithms and a JWKS", func(o *keys.Options) {
			o.JWKS, o.Algorithms = file(t, setOf(issuers...)), []string{"ES256", "ES384", "HS256"}
		}, "ES256 ES384"},
		{"from Algorithm", func(o *keys.Options) { o.JWKS, o.Algorithm = file(t, setOf(issuers...)), "ES384" }, "ES384"},
		{"from Algorithm: same", func(o *keys.Options) { o.JWKS, o.Algorithm = file(t, setOf(issuers[0])), keys.Same }, "ES256"},
		{"none for a secret", func(o *keys.Options) { o.Secret = []byte(enrichtest.Secret) }, ""},
		{"none for a secret and an empty JWKS", func(o *keys.Options) {
			o.JWKS, o.Secret = file(t, set()), []byte(enrichtest.Secret)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, path := openDir(t)
			ring := open(t, keys.Options{Dir: path}, tt.change)
			var got []string
			for _, info := range list(t, dir, time.Now()) {
				got = append(got, info.Algorithm)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("made keys for %v, want %s", got, tt.want)
			}
			if err := ring.OwnKeysReady(); err != nil {
				t.Errorf("OwnKeysReady = %v", err)
			}
		})
	}
}

func TestOwnKeys_SurviveARestart(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	dir := withDir(t)
	first := signer(t, openFile(t, setOf(issuer), dir), token(issuer))
	again := openFile(t, setOf(issuer), dir)
	if got := signer(t, again, token(issuer)).ID(); got != first.ID() {
		t.Errorf("after a restart the ring signs with %s, want %s", got, first.ID())
	}
	if !restores(t, again, first) {
		t.Error("after a restart the ring does not restore tokens from before, want it to")
	}
}

func TestReplicas_StartingTogetherMakeEachKeyOnce(t *testing.T) {
	es, ed := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA")
	for range 10 {
		_, path := openDir(t)
		jwks := file(t, setOf(es, ed))
		rings := make([]*keys.Ring, 16)
		var replicas sync.WaitGroup
		for i := range rings {
			replicas.Go(func() {
				rings[i], _ = keys.Open(keys.Options{JWKS: jwks, Dir: path, Logger: slog.New(slog.DiscardHandler)})
			})
		}
		replicas.Wait()
		for _, issuer := range []*enrichtest.Issuer{es, ed} {
			ids := map[string]bool{}
			for _, ring := range rings {
				if ring == nil {
					t.Fatal("a replica did not open")
				}
				ids[signer(t, ring, token(issuer)).ID()] = true
			}
			if len(ids) != 1 {
				t.Errorf("%d keys for %s, want 1", len(ids), issuer.Algorithm)
			}
		}
		if entries, _ := os.ReadDir(path); len(entries) != 2 {
			t.Errorf("%d files, want 2", len(entries))
		}
	}
}

func TestOwnKeys_TakenFileNameIsAnError(t *testing.T) {
	_, path := openDir(t)
	write(t, filepath.Join(path, "EdDSA-1.pem"), enrichtest.NewIssuer(t, "ES256").PrivatePEM())
	if _, err := keys.Open(keys.Options{Dir: path, Algorithm: "EdDSA", Secret: []byte("s")}); err == nil {
		t.Error("Open without a key for EdDSA, whose file name is taken, has no error, want one")
	}
}

func TestOwnKeys_AnyRSASignsEveryRSAAlgorithm(t *testing.T) {
	rs := enrichtest.NewIssuer(t, "RS256")
	jwk := strings.Replace(jwkOf(rs), `"alg":"RS256",`, "", 1)
	dir, path := openDir(t)
	ring := openFile(t, set(jwk), func(o *keys.Options) { o.Dir = path })
	for _, algorithm := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		if key := signer(t, ring, token(newIssuer(rs, algorithm))); key == nil || key.Algorithm() != algorithm {
			t.Errorf("signer %v for %s, want one without waiting", key, algorithm)
		}
	}
	infos := list(t, dir, time.Now())
	if len(infos) != 1 || infos[0].Algorithm != keydir.AnyRSA || infos[0].State != keydir.Active {
		t.Errorf("keys %v, want one active for every RSA algorithm", infos)
	}
	for _, jwk := range published(t, ring) {
		if jwk["alg"] != nil {
			t.Errorf("published %v, want no alg: it signs more than one", jwk)
		}
	}
}

func TestOwnKeys_DeletedKeyIsReplacedOutsideOfTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es := enrichtest.NewIssuer(t, "ES256")
		_, path := openDir(t)
		ring := openFile(t, setOf(es), func(o *keys.Options) { o.Dir = path })
		run(t, ring)
		if err := os.Remove(filepath.Join(path, "ES256-1.pem")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if key := signer(t, ring, token(es)); key != nil {
			t.Fatalf("signer %v, want none, because its file was deleted", key)
		}
		synctest.Wait()
		if key := signer(t, ring, token(es)); key == nil {
			t.Error("no signer after the login, want a new key")
		}
	})
}

// Law E2: only Run makes the key that a login needs. Without Run there is none.
func TestOwnKeys_LoginMakesNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es := enrichtest.NewIssuer(t, "ES256")
		_, path := openDir(t)
		ring := openFile(t, setOf(es), func(o *keys.Options) { o.Dir = path })
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { ring.Run(ctx) })
		if err := os.Remove(filepath.Join(path, "ES256-1.pem")); err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Second) // until Run has read the empty directory
		stop()
		running.Wait()
		if key := signer(t, ring, token(es)); key != nil {
			t.Errorf("signer %v, want none, because its file was deleted", key)
		}
		if entries, err := os.ReadDir(path); err != nil || len(entries) != 0 {
			t.Errorf("%d files (%v) after a login, want none", len(entries), err)
		}
	})
}

func TestOwnKeys_AreMadeForANewAlgorithm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es, ed := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA")
		backend := serving(es)
		ring := backend.open(t, withDir(t))
		if err := ring.OwnKeysReady(); err != nil {
			t.Errorf("OwnKeysReady = %v before the backend's algorithms are known, want nil", err)
		}
		run(t, ring)
		backend.serve(setOf(es, ed), nil)
		signer(t, ring, token(ed)) // this login needs a new key, but does not wait for it
		synctest.Wait()
		if key := signer(t, ring, token(ed)); key == nil || key.Algorithm() != "EdDSA" {
			t.Errorf("signer %v, want one for EdDSA", key)
		}
	})
}

func TestOwnKeys_WorldReadableFileIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, path := openDir(t)
		info := newKey(t, dir, "ES256", time.Now())
		if err := os.Chmod(info.Path, 0o644); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		ring, err := keys.Open(keys.Options{Dir: path, Algorithm: "ES256", PublicKey: file(t, enrichtest.NewIssuer(t, "ES256").PublicPEM()), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		run(t, ring)
		pass(time.Minute)
		if got := strings.Count(log.String(), info.Path); got != 1 {
			t.Errorf("the file is in %d log messages, want 1: %s", got, log.String())
		}
	})
}
