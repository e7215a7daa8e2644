package data_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/internal/appservices/data"
	"github.com/tokengraft/tokengraft/internal/bsonvalue"
)

// memory is a collection with one document, which checks what it gets.
type memory struct {
	t   *testing.T
	doc []byte
}

// known are the operators that MongoDB may get.
const known = " $and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $all $elemMatch $size $type $mod "

// check fails the test if a command has an operator that is not known, or a value of a rare
// type.
func (m memory) check(v bsonvalue.Value) {
	if v.Kind() == bsonvalue.Other {
		m.t.Errorf("MongoDB gets a value of the type %d", v.Type())
	}
	for name, inner := range v.Members() {
		if strings.HasPrefix(name, "$") && !strings.Contains(known, " "+name+" ") {
			m.t.Errorf("MongoDB gets the operator %s", name)
		}
		m.check(inner)
	}
	for item := range v.Items() {
		m.check(item)
	}
}

func (m memory) Find(_ context.Context, filter, sort []byte, _ int) iter.Seq2[[]byte, error] {
	for _, part := range [][]byte{filter, sort} {
		if part == nil {
			continue
		}
		v, err := bsonvalue.FromBSON(part)
		if err != nil {
			m.t.Fatal(err)
		}
		m.check(v)
	}
	return func(yield func([]byte, error) bool) { yield(m.doc, nil) }
}

func (m memory) stored(doc []byte) {
	v, err := bsonvalue.FromBSON(doc)
	if err != nil {
		m.t.Fatal(err)
	}
	if id, _ := v.Field("owner").Text(); id != "anna" || !v.Field("roles").IsMissing() {
		m.t.Errorf("a document with the owner %q and privilege %v is written", id, v.Field("roles"))
	}
	if text, _ := v.JSON(); len(text) > 16<<10 {
		m.t.Errorf("a document of %d bytes is written", len(text))
	}
}

func (m memory) InsertOne(_ context.Context, doc []byte) error { m.stored(doc); return nil }
func (m memory) Replace(_ context.Context, _, new []byte) (bool, error) {
	m.stored(new)
	return true, nil
}
func (m memory) Delete(context.Context, []byte) (bool, error)     { return true, nil }
func (m memory) Own(context.Context, enrich.User) ([]byte, error) { return nil, enrich.ErrNoDocument }
func (m memory) Tags([]byte) []string                             { return nil }
func (m memory) IsOwn(user enrich.User, doc []byte) bool {
	v, _ := bsonvalue.FromBSON(doc)
	id, _ := v.Field("owner").Text()
	return id == user.ID
}

// A call never panics, is never answered with another error than one of App Services, and
// never sends MongoDB what it should refuse.
func FuzzService(f *testing.F) {
	f.Add("find", `{"query":{"n":{"$gt":1}},"sort":{"n":1},"project":{"n":1},"limit":1}`)
	f.Add("find", `{"query":{"$or":[{"n":{"$not":{"$in":[1]}}},{"docs":{"$elemMatch":{"k":1}}}]}}`)
	f.Add("find", `{"query":{"a":{"$where":"1"},"b":{"$regularExpression":{"pattern":"a","options":""}}}}`)
	f.Add("aggregate", `{"pipeline":[{"$match":{"n":{"$mod":[2,1]}}},{"$sort":{"docs.k":-1}},{"$project":{"docs.k":1}},{"$limit":1}]}`)
	f.Add("updateOne", `{"query":{},"update":{"$set":{"docs.0.k":1},"$inc":{"n":1},"$push":{"list":{"$each":[1],"$position":0,"$slice":2}},"$rename":{"s":"t"}}}`)
	f.Add("updateOne", `{"query":{"owner":"anna"},"update":{"$pull":{"docs":{"k":1}},"$mul":{"n":9},"$min":{"n":0},"$addToSet":{"list":1},"$unset":{"s":1}},"upsert":true}`)
	f.Add("findOneAndUpdate", `{"filter":{"n":1},"update":{"$pop":{"list":1},"$currentDate":{"now":true}},"returnNewDocument":true,"projection":{"n":0}}`)
	f.Add("replaceOne", `{"query":{},"update":{"owner":"anna","n":{"$numberDecimal":"1"}}}`)
	f.Add("insertOne", `{"document":{"owner":"anna","x":[{"y":{"$oid":"5f1f216e82df4a7979f9da93"}}]}}`)
	f.Add("deleteOne", `{"query":{"n":null}}`)
	rules, err := data.Parse("rules.json", []byte(`{"database":"d","collection":"c","roles":`+anyone+`}`), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, operation, text string) {
		m := memory{t: t, doc: mustBSON(t, sample)}
		service, err := data.New(data.Options{
			Rules: rules, Collection: m, Fixed: []string{"owner"}, Privileged: func(path string) bool { return strings.HasPrefix(path+".", "roles.") },
			Changed: func(...string) {}, Failed: func(string) {}, MaxSize: 16 << 10, Timeout: 10 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		var args map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &args) == nil && args != nil {
			args["database"], args["collection"] = json.RawMessage(`"d"`), json.RawMessage(`"c"`)
			merged, err := json.Marshal(args)
			if err != nil {
				return
			}
			text = string(merged)
		}
		answer, err := service.Call(t.Context(), user("anna", ""), operation, raw(text))
		if err == nil {
			if !json.Valid(answer) {
				t.Errorf("%s %s = %s, which is not JSON", operation, text, answer)
			}
			return
		}
		if refusal, ok := errors.AsType[*appservices.Error](err); !ok || refusal.Status >= 500 {
			t.Errorf("%s %s fails with %v", operation, text, err)
		}
	})
}
