package mongodoc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestWatch_ChangeIsInTheNextLoginWithRealMongoDB(t *testing.T) {
	uri := enrichtest.RealMongoDB(t)
	for _, tt := range changed {
		t.Run(tt.name, func(t *testing.T) {
			users := connect(t, uri, tt.docs...)
			o := tt.options
			o.URI, o.Database, o.Collection, o.Timeout = uri, users.Database().Name(), users.Name(), 5*time.Second
			f := follow(t, o)
			if err := f.CanWatch(t.Context()); errors.Is(err, mongodoc.ErrNoChangeStreams) {
				t.Skip("the server at MONGODB_URI does not have change streams; .ci/mongodb starts one that has")
			}
			f.maxDelay = 10 * time.Second
			for end := time.Now().Add(f.maxDelay); !strings.Contains(f.log.String(), "following"); {
				if time.Now().After(end) {
					t.Fatalf("the change stream is not followed after %v:\n%s", f.maxDelay, f.log)
				}
				time.Sleep(20 * time.Millisecond)
			}
			tt.check(t, f, collection{t, users}, func() {})
		})
	}
}

// A collection holds documents in a real MongoDB.
type collection struct {
	t     *testing.T
	users *mongo.Collection
}

func (c collection) bson(object string) []byte {
	raw, err := bsonjson.Parse([]byte(object))
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

func (c collection) done(err error) {
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c collection) Insert(document string) {
	_, err := c.users.InsertOne(c.t.Context(), c.bson(document))
	c.done(err)
}

func (c collection) Update(id, set string) {
	_, err := c.users.UpdateOne(c.t.Context(), c.bson(`{"_id":`+id+`}`), c.bson(`{"$set":`+set+`}`))
	c.done(err)
}

func (c collection) Unset(id, name string) {
	_, err := c.users.UpdateOne(c.t.Context(), c.bson(`{"_id":`+id+`}`), c.bson(`{"$unset":{"`+name+`":1}}`))
	c.done(err)
}

func (c collection) Replace(document string) {
	_, err := c.users.ReplaceOne(c.t.Context(), map[string]int{"_id": 1}, c.bson(document))
	c.done(err)
}

func (c collection) Delete(id string) {
	_, err := c.users.DeleteOne(c.t.Context(), c.bson(`{"_id":`+id+`}`))
	c.done(err)
}

func (c collection) Drop() { c.done(c.users.Drop(c.t.Context())) }

func TestWatch_FerretDBWithoutChangeStreamsIsStillRead(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	users := connect(t, uri, `{"_id":1,"f":"anna"}`)
	f := follow(t, mongodoc.Options{URI: uri, Database: users.Database().Name(), Collection: users.Name(), Timeout: 5 * time.Second})
	if err := f.CanWatch(t.Context()); !errors.Is(err, mongodoc.ErrNoChangeStreams) {
		t.Errorf("CanWatch = %v, want %v", err, mongodoc.ErrNoChangeStreams)
	}
	f.wants(t, "anna", `{"_id":1,"f":"anna"}`)
	f.wantUp(t, 0)
}
