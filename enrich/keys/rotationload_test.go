package keys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// tokenLife is the lifetime of tokens, and how long the replicas publish retired keys.
const tokenLife = 10 * time.Minute

// A fleet is a set of replicas whose clocks differ, behind a load balancer.
type fleet struct {
	path     string
	replicas []*keys.Ring
	backend  string // a token of the backend
	turn     atomic.Int64
}

// startFleet starts three replicas that share a directory. Their clocks are half a
// minute slow, right, and half a minute fast.
func startFleet(t *testing.T, rotateAfter time.Duration) *fleet {
	issuer := enrichtest.NewIssuer(t, "EdDSA")
	_, path := openDir(t)
	f := &fleet{path: path, backend: token(issuer)}
	public := file(t, issuer.PublicPEM())
	for _, ahead := range []time.Duration{-30 * time.Second, 0, 30 * time.Second} {
		ring, err := keys.OpenSkewed(keys.Options{
			PublicKey: public, Dir: path, RetireAfter: tokenLife, RotateAfter: rotateAfter, Logger: slog.New(slog.DiscardHandler),
		}, ahead)
		if err != nil {
			t.Fatal(err)
		}
		run(t, ring)
		f.replicas = append(f.replicas, ring)
		pass(700 * time.Millisecond) // so that they poll at different times
	}
	return f
}

func (f *fleet) any() *keys.Ring { return f.replicas[f.turn.Add(1)%int64(len(f.replicas))] }

// login returns a token that one of the replicas signed, and the key.
func (f *fleet) login(t *testing.T) (string, enrich.Key) {
	key := signer(t, f.any(), f.backend)
	signed := enrichtest.EncodeSegment(fmt.Sprintf(`{"alg":%q,"kid":%q}`, key.Algorithm(), key.ID())) + "." + enrichtest.EncodeSegment(`{"sub":"u1"}`)
	signature, err := key.Sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + enrichtest.EncodeSegment(string(signature)), key
}

// RoundTrip implements [http.RoundTripper]. It answers with the merged JWKS of one of the
// replicas.
func (f *fleet) RoundTrip(r *http.Request) (*http.Response, error) {
	set, maxAge, err := f.any().JWKS()
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(bytes.NewReader(set)),
		Header: http.Header{"Cache-Control": {fmt.Sprintf("public, max-age=%d", int(maxAge.Seconds()))}},
	}, nil
}

// A verifier verifies tokens with the merged JWKS.
type verifier interface {
	VerifySignature(ctx context.Context, token string) ([]byte, error)
}

// A follower is a verifier that fetches the JWKS only when Cache-Control says so. It does
// not fetch it for an unknown kid.
type follower struct {
	fleet *fleet
	set   jose.JSONWebKeySet
	until time.Time
}

func (f *follower) VerifySignature(_ context.Context, token string) ([]byte, error) {
	if !time.Now().Before(f.until) {
		set, maxAge, err := f.fleet.any().JWKS()
		if err != nil {
			return nil, err
		}
		f.set = jose.JSONWebKeySet{}
		if err := json.Unmarshal(set, &f.set); err != nil {
			return nil, err
		}
		f.until = time.Now().Add(maxAge)
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, err
	}
	return jws.Verify(f.set)
}

// A tally counts what the clients of a fleet saw.
type tally struct {
	logins, verified, failed, unrestored atomic.Int64
	kids                                 sync.Map
}

// use logs in every half minute. It verifies each token at once, and again just before it
// expires.
func (seen *tally) use(t *testing.T, f *fleet, v verifier, until time.Time) {
	type held struct {
		token string
		key   enrich.Key
		ends  time.Time
	}
	var tokens []held
	check := func(token string) {
		seen.verified.Add(1)
		if _, err := v.VerifySignature(t.Context(), token); err != nil {
			seen.failed.Add(1)
		}
	}
	for time.Now().Before(until) {
		token, key := f.login(t)
		seen.logins.Add(1)
		seen.kids.Store(key.ID(), true)
		check(token)
		tokens = append(tokens, held{token, key, time.Now().Add(tokenLife)})
		time.Sleep(30 * time.Second)
		for len(tokens) > 0 && time.Until(tokens[0].ends) < 30*time.Second {
			check(tokens[0].token)
			if !restores(t, f.any(), tokens[0].key) {
				seen.unrestored.Add(1)
			}
			tokens = tokens[1:]
		}
	}
}

// load puts load on the fleet: followers whose caches expire at different times, and
// go-oidc's verifier.
func (f *fleet) load(t *testing.T, during time.Duration) *tally {
	seen := new(tally)
	until := time.Now().Add(during)
	followers := 40
	if testing.Short() {
		followers = 4
	}
	var clients sync.WaitGroup
	for i := range followers {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * keydir.MaxAge / time.Duration(followers))
			seen.use(t, f, &follower{fleet: f}, until)
		})
	}
	clients.Go(func() {
		ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: f})
		seen.use(t, f, oidc.NewRemoteKeySet(ctx, "http://fleet.example/jwks.json"), until)
	})
	clients.Wait()
	count := 0
	seen.kids.Range(func(any, any) bool { count++; return true })
	t.Logf("3 replicas, clocks 30 s behind to 30 s ahead, %d clients, %v: %d logins, %d rotations, %d verifications, %d failed, %d not restored",
		followers+1, during, seen.logins.Load(), count-1, seen.verified.Load(), seen.failed.Load(), seen.unrestored.Load())
	return seen
}

// operate runs an operation on the directory at regular intervals until the test ends,
// with a clock that is half a minute slow.
func (f *fleet) operate(t *testing.T, every time.Duration, do func(*keydir.Dir, time.Time) error) {
	dir, err := keydir.Open(f.path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
			}
			if err := do(dir, time.Now().Add(-30*time.Second)); err != nil {
				t.Error(err)
			}
		}
	}()
}

func rotateEvery(dir *keydir.Dir, now time.Time) error {
	_, err := dir.Rotate("", now)
	return err
}

func rotateAtOnce(dir *keydir.Dir, now time.Time) error {
	_, err := dir.RotateNow("", now)
	return err
}

func pruneAll(dir *keydir.Dir, now time.Time) error {
	_, _, err := dir.Prune(keydir.Pruning{RetireAfter: tokenLife}, now)
	return err
}

// TestRotation_UnderLoadFailsNoVerification checks law E3 with clients that follow
// Cache-Control. It also checks that the same load detects failures if the new key is not
// published first.
func TestRotation_UnderLoadFailsNoVerification(t *testing.T) {
	tests := []struct {
		name        string
		rotateAfter time.Duration
		operator    func(*keydir.Dir, time.Time) error // runs every 15 minutes
		during      time.Duration
		fails       bool
	}{
		{"by the replicas", 15 * time.Minute, pruneAll, time.Hour, false},
		{"by the command", 0, rotateEvery, time.Hour, false},
		{"at once", 0, rotateAtOnce, 20 * time.Minute, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := startFleet(t, tt.rotateAfter)
				f.operate(t, 15*time.Minute, tt.operator)
				seen := f.load(t, tt.during)
				switch failed := seen.failed.Load(); {
				case tt.fails && failed == 0:
					t.Error("no verification failed, want some: otherwise this load cannot detect a failure")
				case !tt.fails && failed > 0:
					t.Errorf("%d of %d verifications failed, want none", failed, seen.verified.Load())
				}
				if unrestored := seen.unrestored.Load(); unrestored > 0 {
					t.Errorf("%d tokens were not restored, want all", unrestored)
				}
			})
		})
	}
}
