package simulation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

const (
	writers    = 8  // each writes the document of its own user
	rounds     = 25 // of each writer, 200 altogether
	loginLoops = 4  // that log in at the same time, as any user

	life = 30 * time.Minute // of tokens that have an exp
)

// This test checks laws F1 and F2 with a real server and in real time, and with two
// replicas that do not know about each other. Users write and then refresh, while logins
// fill and use the caches. The first write inserts a document, so the caches also remember
// missing documents.
func TestRefresh_ShowsUsersTheirOwnWrites(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri, s := server(t), newSigners(t)
			collection := enrichtest.NewCollection(t, uri)
			replicas := []*sidecar{openSidecar(t, s, uri, collection), openSidecar(t, s, uri, collection)}
			stress(t, collection, replicas)
			for _, r := range replicas {
				stats := r.cache.Stats()
				t.Logf("%d logins hit the cache, %d lookups read", stats.Hits+stats.Missing, stats.Misses+stats.Reloads)
				if stats.Hits == 0 {
					t.Error("no login hit the cache, so this test cannot find a stale document")
				}
			}
		})
	}
}

// stress runs the writers, and logins until the writers are done.
func stress(t *testing.T, collection *mongo.Collection, replicas []*sidecar) {
	var writing, loggingIn sync.WaitGroup
	for user := range writers {
		writing.Go(func() { writeAndRefresh(t, collection, replicas, user) })
	}
	ctx, stop := context.WithCancel(t.Context())
	for n := range loginLoops {
		loggingIn.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				replicas[i%len(replicas)].logIn(t, i/len(replicas)%writers, life*time.Duration(n%2))
			}
		})
	}
	writing.Wait()
	stop()
	loggingIn.Wait()
}

// writeAndRefresh writes the number of the round into a user's document, and checks
// that the refreshed token has it. Each round uses the next replica.
func writeAndRefresh(t *testing.T, collection *mongo.Collection, replicas []*sidecar, user int) {
	for round := 1; round <= rounds; round++ {
		set := map[string]any{"$set": map[string]int{"n": round}}
		if _, err := collection.UpdateOne(t.Context(), map[string]string{"user": name(user)}, set, options.UpdateOne().SetUpsert(true)); err != nil {
			t.Error(err)
			return
		}
		r := replicas[round%len(replicas)]
		if got := r.issue(t, user, life, true); got != round {
			t.Errorf("user %d wrote %d, refreshed, and got %d, want %d", user, round, got, round)
		}
		r.seen[user].Store(int64(round))
	}
}

// A sidecar is a replica on the real database.
type sidecar struct {
	signers
	cache    *cache.Cache
	enricher *enrich.Enricher
	// seen is the number in the last refreshed token of each user. A later login
	// must not get less, because an earlier read never replaces a later one.
	seen [writers]atomic.Int64
}

func openSidecar(t *testing.T, s signers, uri string, collection *mongo.Collection) *sidecar {
	t.Helper()
	source, err := mongodoc.Open(mongodoc.Options{
		URI: uri, Database: collection.Database().Name(), Collection: collection.Name(),
		Field: "user", Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &sidecar{signers: s}
	if r.cache, err = cache.New(cache.Options{MaxBytes: 1 << 20, MissingFor: time.Minute}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.cache.Close()
		if err := source.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	r.enricher, err = enrich.New(enrich.Options{
		Ring: s.ring, Source: r.cache.Source(source, ""), UserID: "sub", Claim: "custom_data",
		Kinds: []enrich.Kind{enrich.Access}, MaxSize: 1 << 10, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// logIn checks the document of a login. Half of the tokens have no exp, so their logins
// always read. So there are always reads in progress that a refresh must not join.
func (r *sidecar) logIn(t *testing.T, user int, life time.Duration) {
	seen := int(r.seen[user].Load())
	if got := r.issue(t, user, life, false); got < seen {
		t.Errorf("user %d logged in and got %d, want %d or more, as an earlier refresh", user, got, seen)
	}
}

// issue enriches a token that the backend issues now, and returns the number in its
// document, or zero if there is none. With life zero, the token has no exp.
func (r *sidecar) issue(t *testing.T, user int, life time.Duration, refresh bool) int {
	claims := fmt.Sprintf(`{"sub":%q`, name(user))
	if life > 0 {
		claims += fmt.Sprintf(`,"exp":%d`, time.Now().Add(life).Unix())
	}
	raw := r.issuer.Token(claims + "}")
	got := r.enricher.Enrich(t.Context(), enrich.Grant{
		Answered: time.Now(), Cause: causeOf(refresh),
		Tokens: []enrich.Issued{{Raw: raw, Kind: enrich.Access, Budget: 4 << 10}},
	})[0]
	if got.Reason != enrich.OK && (refresh || got.Reason != enrich.NoDocument) {
		t.Errorf("Enrich (refresh %t) = reason %q, error %v; want %q", refresh, got.Reason, got.Err, enrich.OK)
	}
	return number(t, got.Raw)
}

func name(user int) string { return fmt.Sprintf("user%d", user) }

// number returns the number in a token's document.
func number(t *testing.T, raw string) int {
	_, text := enrichtest.DecodeToken(t, raw)
	var claims struct {
		Document struct{ N int } `json:"custom_data"`
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Errorf("claims %s: %v", text, err)
	}
	return claims.Document.N
}
