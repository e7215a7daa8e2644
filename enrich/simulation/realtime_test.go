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
	writers = 8  // each of a user's own document
	rounds  = 25 // of each writer: 200 together
	loggers = 4  // who log in meanwhile, as anybody

	life = 30 * time.Minute // of tokens that have an exp
)

// F1 and F2 with a real server and in real time: two replicas that know nothing
// of each other, users who write and then refresh, and logins that fill and use
// the caches meanwhile. The first write inserts, so that the replicas remember
// absences, too.
func TestRefresh_ShowsUsersTheirOwnWrites(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri, s := server(t), newSigners(t)
			collection := enrichtest.Collection(t, uri)
			replicas := []*sidecar{openSidecar(t, s, uri, collection), openSidecar(t, s, uri, collection)}
			stress(t, collection, replicas)
			for _, r := range replicas {
				stats := r.cache.Stats()
				t.Logf("%d logins were served from the cache, %d lookups read", stats.Hits+stats.Missing, stats.Misses+stats.Reloads)
				if stats.Hits == 0 {
					t.Error("no login was served from the cache: nothing stale could have been")
				}
			}
		})
	}
}

// stress runs the writers to their end, and the logins as long.
func stress(t *testing.T, collection *mongo.Collection, replicas []*sidecar) {
	var writing, loggingIn sync.WaitGroup
	for user := range writers {
		writing.Go(func() { writeAndRefresh(t, collection, replicas, user) })
	}
	ctx, stop := context.WithCancel(t.Context())
	for n := range loggers {
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

// writeAndRefresh writes a user's document, the number of the round, and wants
// to see it in the refreshed token, by any replica.
func writeAndRefresh(t *testing.T, collection *mongo.Collection, replicas []*sidecar, user int) {
	for round := 1; round <= rounds; round++ {
		set := map[string]any{"$set": map[string]int{"n": round}}
		if _, err := collection.UpdateOne(t.Context(), map[string]string{"user": name(user)}, set, options.UpdateOne().SetUpsert(true)); err != nil {
			t.Error(err)
			return
		}
		r := replicas[round%len(replicas)]
		if got := r.issue(t, user, life, true); got != round {
			t.Errorf("user %d wrote %d, refreshed, and got %d", user, round, got)
		}
		r.seen[user].Store(int64(round))
	}
}

// A sidecar is a replica on the real database.
type sidecar struct {
	signers
	cache    *cache.Cache
	enricher *enrich.Enricher
	// seen is what the last refresh of each user carried: a login that follows
	// carries no less, for no earlier read replaces a later.
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

// logIn gets a token that lives long or, every other time, one without exp,
// which takes nothing from the cache: so reads are always under way that a
// refresh might wrongly join.
func (r *sidecar) logIn(t *testing.T, user int, life time.Duration) {
	seen := int(r.seen[user].Load())
	if got := r.issue(t, user, life, false); got < seen {
		t.Errorf("user %d logged in and got %d, after a refresh had carried %d", user, got, seen)
	}
}

// issue returns the number in the document of a token that the backend issues
// now; zero if there is no document. A token of no life has no exp.
func (r *sidecar) issue(t *testing.T, user int, life time.Duration, refresh bool) int {
	claims := fmt.Sprintf(`{"sub":%q`, name(user))
	if life > 0 {
		claims += fmt.Sprintf(`,"exp":%d`, time.Now().Add(life).Unix())
	}
	raw := r.issuer.Token(claims + "}")
	got := r.enricher.Enrich(t.Context(), enrich.Grant{
		Answered: time.Now(), Refresh: refresh,
		Tokens: []enrich.Issued{{Raw: raw, Kind: enrich.Access, Budget: 4 << 10}},
	})[0]
	if got.Reason != enrich.OK && (refresh || got.Reason != enrich.NoDocument) {
		t.Errorf("%s, %v", got.Reason, got.Err)
	}
	return number(t, got.Raw)
}

func name(user int) string { return fmt.Sprintf("user%d", user) }

// number reads the number in a token's document.
func number(t *testing.T, raw string) int {
	_, text := enrichtest.Split(t, raw)
	var claims struct {
		Document struct{ N int } `json:"custom_data"`
	}
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Errorf("claims %s: %v", text, err)
	}
	return claims.Document.N
}
