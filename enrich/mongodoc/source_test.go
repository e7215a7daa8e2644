package mongodoc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// connect returns a new collection with these documents.
func connect(t *testing.T, uri string, docs ...string) *mongo.Collection {
	t.Helper()
	collection := enrichtest.NewCollection(t, uri)
	for _, doc := range docs {
		raw, err := bsonjson.Parse([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collection.InsertOne(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	return collection
}

func open(t *testing.T, o mongodoc.Options) *mongodoc.Source {
	t.Helper()
	src, err := mongodoc.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return src
}

func TestSource(t *testing.T) {
	for name, server := range enrichtest.MongoDBs {
		t.Run(name, func(t *testing.T) {
			uri := server(t)
			enrichtest.TestSource(t, func(t *testing.T, shape enrichtest.SourceOptions, docs ...string) enrich.Source {
				return open(t, mongodoc.Options{
					URI: uri, Database: "tokengraft_test", Collection: connect(t, uri, docs...).Name(), Timeout: 5 * time.Second,
					Field: shape.Field, IDType: shape.IDType, Format: shape.Format, Projection: shape.Projection,
				})
			})
		})
	}
}

func TestLookup_SeesTheWriteBeforeIt(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u","lang":"en"}`)
	src := open(t, mongodoc.Options{URI: uri + "?readPreference=secondary", Database: users.Database().Name(), Collection: users.Name(), Field: "f", Timeout: 5 * time.Second})
	query := enrich.Query{User: enrich.User{ID: "u"}}
	if doc, err := src.Lookup(t.Context(), query); err != nil || string(doc.JSON) != `{"_id":1,"f":"u","lang":"en"}` {
		t.Fatalf("Lookup = %s, %v; want the document", doc.JSON, err)
	}
	if _, err := users.UpdateOne(t.Context(), map[string]int{"_id": 1}, map[string]any{"$set": map[string]string{"lang": "de"}}); err != nil {
		t.Fatal(err)
	}
	if doc, err := src.Lookup(t.Context(), query); err != nil || string(doc.JSON) != `{"_id":1,"f":"u","lang":"de"}` {
		t.Errorf("Lookup after the write = %s, %v; want lang de", doc.JSON, err)
	}
}

func TestOpen_WorksBeforeMongoDBIsReachable(t *testing.T) {
	dir, addr := t.TempDir(), freeAddr(t)
	src := open(t, mongodoc.Options{URI: "mongodb://" + addr + "/", Database: "tokengraft_test", Collection: "users", Field: "f", Timeout: 300 * time.Millisecond})
	query := enrich.Query{User: enrich.User{ID: "secret-user"}}
	wantUnreachable := func(when string) {
		t.Helper()
		began := time.Now()
		_, err := src.Lookup(t.Context(), query)
		if err == nil || errors.Is(err, enrich.ErrNoDocument) || strings.Contains(err.Error(), "secret-user") {
			t.Errorf("Lookup %s = %v; want an error that means that the source failed", when, err)
		}
		if took := time.Since(began); took > 20*time.Second { // the driver would wait for 30 s
			t.Errorf("Lookup %s took %v; want a moment, with a timeout of 300ms", when, took)
		}
	}
	wantReachable := func(when string) {
		t.Helper()
		var err error
		for range 50 { // each attempt waits for a server until its timeout
			if _, err = src.Lookup(t.Context(), query); errors.Is(err, enrich.ErrNoDocument) {
				return
			}
		}
		t.Fatalf("Lookup %s = %v; want %v", when, err, enrich.ErrNoDocument)
	}

	wantUnreachable("before the start")
	_, kill := enrichtest.StartFerretDBAt(t, dir, addr)
	wantReachable("after the start")
	if err := src.Check(t.Context()); err != nil {
		t.Errorf("Check = %v, want nil", err)
	}
	kill()
	wantUnreachable("during the outage")
	enrichtest.StartFerretDBAt(t, dir, addr)
	wantReachable("after the outage")
}

// freeAddr returns an unused address, for a server that starts later. Its port is below
// those that the system gives to connections and to listeners without a port.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000))
		if ln, err := net.Listen("tcp", address); err == nil {
			ln.Close()
			return address
		}
	}
	t.Fatal("there is no free port")
	return ""
}

func TestLookup_HangingServerTakesAtMostTheTimeout(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections but never answers
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	src := open(t, mongodoc.Options{URI: "mongodb://" + ln.Addr().String(), Database: "d", Collection: "c", Field: "f", Timeout: 200 * time.Millisecond})
	began := time.Now()
	_, err = src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lookup = %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took < 200*time.Millisecond || took > 20*time.Second {
		t.Errorf("Lookup took %v, want the timeout of 200ms", took)
	}
}

func TestLookup_WarnsAboutDuplicatesWithoutNamingAnyone(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":2,"f":"secret-user"}`, `{"_id":1,"f":"secret-user"}`)
	var log bytes.Buffer
	reader := metric.NewManualReader()
	src := open(t, mongodoc.Options{URI: uri, Database: users.Database().Name(), Collection: users.Name(), Field: "f", Timeout: 5 * time.Second,
		Logger: slog.New(slog.NewTextHandler(&log, nil)), Meter: metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")})
	for range 3 {
		if doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "secret-user"}}); err != nil || doc.ID != `{"$numberInt":"1"}` {
			t.Fatalf("Lookup = document %s, %v; want that of _id 1", doc.ID, err)
		}
	}
	if got := strings.Count(log.String(), "more than one document"); got != 1 || strings.Contains(log.String(), "secret-user") {
		t.Errorf("three lookups logged %q; want one warning without the user id", log.String())
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(all.ScopeMetrics); !strings.Contains(got, "tokengraft.source.duplicates") {
		t.Errorf("metrics %s; want tokengraft.source.duplicates", got)
	}
}

func TestInspect_SaysHowToMakeTheIndex(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"u"}`)
	o := mongodoc.Options{URI: uri + "?readPreference=nearest", Database: users.Database().Name(), Collection: users.Name(), Field: "f"}
	warnings, err := open(t, o).Inspect(t.Context())
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[0], "nearest") ||
		!strings.Contains(warnings[1], `db.getCollection("`+users.Name()+`").createIndex({"f": 1})`) {
		t.Fatalf("Inspect = %q, %v; want a warning about the read preference and one with the command for the index", warnings, err)
	}
	if _, err := users.Indexes().CreateOne(t.Context(), mongo.IndexModel{Keys: map[string]int{"f": 1}}); err != nil {
		t.Fatal(err)
	}
	o.URI = uri
	if warnings, err := open(t, o).Inspect(t.Context()); err != nil || len(warnings) != 0 {
		t.Errorf("Inspect with the index = %q, %v; want no warnings", warnings, err)
	}
	o.Field = "_id"
	if warnings, err := open(t, o).Inspect(t.Context()); err != nil || len(warnings) != 0 {
		t.Errorf("Inspect with the field _id = %q, %v; want no warnings", warnings, err)
	}
}

// wantExactUser checks the lookups of users whose ids differ only in letter case, in a
// collection that ignores it. Document n is of the nth of ANNA, Anna and anna.
func wantExactUser(t *testing.T, src *mongodoc.Source) {
	t.Helper()
	if doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "anna"}}); err != nil || doc.ID != `{"$numberInt":"2"}` {
		t.Errorf("Lookup(anna) = document %s, %v; want document 2, not that of ANNA or Anna", doc.ID, err)
	}
	if doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "aNNa"}}); !errors.Is(err, enrich.ErrNoDocument) {
		t.Errorf("Lookup(aNNa) = document %s, %v; want %v", doc.ID, err, enrich.ErrNoDocument)
	}
}

// Law F7: a user gets their own document, even if the collection has a collation.
func TestLookup_CollationDoesNotMixUpUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		server.IgnoreCase()
		for id, name := range []string{"ANNA", "Anna", "anna"} {
			server.Insert(fmt.Sprintf(`{"_id":%d,"f":%q}`, id, name))
		}
		wantExactUser(t, scripted(t, server, mongodoc.Options{}))
	})
}

// FerretDB does not support collations.
func TestLookup_CollationDoesNotMixUpUsersWithRealMongoDB(t *testing.T) {
	uri := enrichtest.RealMongoDB(t)
	users := connect(t, uri)
	ignoreCase := options.CreateCollection().SetCollation(&options.Collation{Locale: "en", Strength: 1})
	if err := users.Database().CreateCollection(t.Context(), users.Name(), ignoreCase); err != nil {
		t.Fatal(err)
	}
	for id, name := range []string{"ANNA", "Anna", "anna"} {
		if _, err := users.InsertOne(t.Context(), map[string]any{"_id": id, "f": name}); err != nil {
			t.Fatal(err)
		}
	}
	wantExactUser(t, open(t, mongodoc.Options{URI: uri, Database: users.Database().Name(), Collection: users.Name(), Field: "f", Timeout: 5 * time.Second}))
}

func TestDefaults_ReadsAlwaysGoToThePrimary(t *testing.T) {
	o := mongodoc.WithDefaults(options.Client().ApplyURI("mongodb://a,b/?replicaSet=r&readPreference=secondary&maxStalenessSeconds=120"))
	if got := o.ReadPreference.Mode(); got != readpref.PrimaryMode {
		t.Errorf("the read preference is %v, want primary", got)
	}
}
