package data_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// anyone may do everything, so that only queries and updates count.
const anyone = `[{"name":"all","read":true,"write":true,"insert":true,"delete":true}]`

// evaluated makes all queries run in the sidecar: the permission is not the same for all
// documents, although it is true for each.
const evaluated = `[{"name":"all","apply_when":{"_id":{"$exists":true}},"read":true,"write":true,"insert":true,"delete":true}]`

// sample is a document with values of many kinds.
const sample = `{"_id":"a","owner":"anna","n":5,"long":{"$numberLong":"9000000000"},"x":1.5,"s":"text","t":true,"z":null,
	"list":[3,1,2],"empty":[],"docs":[{"k":1,"v":"a"},{"k":2,"v":"b"},{"v":"c"}],"doc":{"a":{"b":1},"c":"x"},"day":{"$date":"2020-01-02T03:04:05Z"},"words":["b","a"]}`

// Each update has the same result here and on the server.
func TestUpdate_DoesWhatMongoDBDoes(t *testing.T) {
	w := newWorld(t, anyone, "", sample)
	for _, update := range []string{
		`{"$set":{"n":6,"new":"x"}}`, `{"$set":{"doc.a.b":2,"doc.d.e":3}}`, `{"$set":{"list.1":9}}`, `{"$set":{"list.5":9}}`, `{"$set":{"docs.0.v":"z","docs.2.k":3}}`,
		`{"$set":{"doc":{"q":1}}}`, `{"$set":{"n":{"$numberLong":"5"}}}`, `{"$set":{"deep.a.b.c":1}}`, `{"$set":{"empty.0":1}}`,
		`{"$unset":{"n":1,"doc.a":"","missing":1,"doc.x.y":1}}`, `{"$unset":{"docs.0.k":1}}`,
		`{"$inc":{"n":3,"new":2}}`, `{"$inc":{"n":1.5}}`, `{"$inc":{"long":1}}`, `{"$inc":{"n":{"$numberLong":"2"}}}`, `{"$inc":{"doc.a.b":-1,"list.0":1}}`,
		`{"$inc":{"s":1}}`, `{"$inc":{"z":1}}`, `{"$inc":{"list":1}}`,
		`{"$mul":{"n":3,"x":2}}`, `{"$mul":{"new":2}}`, `{"$mul":{"new":2.5}}`, `{"$mul":{"new":{"$numberLong":"2"}}}`, `{"$mul":{"s":2}}`,
		`{"$min":{"n":3,"new":1}}`, `{"$min":{"n":9}}`, `{"$max":{"n":9}}`, `{"$max":{"n":3}}`, `{"$max":{"s":5}}`, `{"$min":{"s":5}}`, `{"$max":{"day":{"$date":"2021-01-02T03:04:05Z"}}}`,
		`{"$rename":{"n":"m"}}`, `{"$rename":{"missing":"m"}}`, `{"$rename":{"doc.c":"doc.e"}}`, `{"$rename":{"n":"s"}}`, `{"$rename":{"doc.a":"top"}}`,
		`{"$push":{"list":7}}`, `{"$push":{"new":7}}`, `{"$push":{"list":{"$each":[7,8]}}}`,
		`{"$push":{"n":1}}`, `{"$push":{"docs":{"k":9}}}`, `{"$push":{"empty":1}}`,
		`{"$addToSet":{"list":3}}`, `{"$addToSet":{"list":9}}`, `{"$addToSet":{"list":{"$each":[3,9,9]}}}`, `{"$addToSet":{"new":1}}`, `{"$addToSet":{"docs":{"k":1,"v":"a"}}}`, `{"$addToSet":{"n":1}}`,
		`{"$pull":{"list":3}}`, `{"$pull":{"list":99}}`, `{"$pull":{"missing":1}}`, `{"$pull":{"n":1}}`,
		`{"$pop":{"list":1}}`, `{"$pop":{"list":-1}}`, `{"$pop":{"empty":1}}`, `{"$pop":{"missing":1}}`, `{"$pop":{"n":1}}`,
		`{"$setOnInsert":{"new":1}}`, `{"$set":{"n":1},"$unset":{"s":1},"$inc":{"x":1},"$push":{"list":1}}`, `{"$set":{"s.a":1}}`, `{"$set":{"z.a":1}}`, `{"$set":{"list.a":1}}`,
	} {
		w.compareUpdate(update)
	}
}

// FerretDB ignores these modifiers and conditions, or makes another result of them than
// MongoDB documents.
func TestUpdate_DoesWhatMongoDBDocuments(t *testing.T) {
	w := newWorld(t, anyone, "", sample)
	for update, want := range map[string]string{
		`{"$push":{"list":{"$each":[7],"$position":0}}}`:  `"list":[7,3,1,2]`,
		`{"$push":{"list":{"$each":[7],"$position":-1}}}`: `"list":[3,1,7,2]`,
		`{"$push":{"list":{"$each":[7],"$position":99}}}`: `"list":[3,1,2,7]`,
		`{"$push":{"list":{"$each":[7],"$slice":2}}}`:     `"list":[3,1]`,
		`{"$push":{"list":{"$each":[7],"$slice":-2}}}`:    `"list":[2,7]`,
		`{"$push":{"list":{"$each":[],"$slice":0}}}`:      `"list":[]`,
		`{"$pull":{"list":{"$gte":2}}}`:                   `"list":[1]`,
		`{"$pull":{"list":{"$in":[1,2]}}}`:                `"list":[3]`,
		`{"$pull":{"docs":{"k":1}}}`:                      `"docs":[{"k":2,"v":"b"},{"v":"c"}]`,
		`{"$pull":{"docs":{"k":{"$gt":1}}}}`:              `"docs":[{"k":1,"v":"a"},{"v":"c"}]`,
		`{"$pull":{"docs":{"k":null}}}`:                   `"docs":[{"k":1,"v":"a"},{"k":2,"v":"b"}]`,
		`{"$inc":{"n":2147483647}}`:                       `"n":2147483652`,
		`{"$currentDate":{"now":true}}`:                   `"now":{"$date":"20`,
		`{"$currentDate":{"now":{"$type":"date"}}}`:       `"now":{"$date":"20`,
	} {
		w.reset()
		if answer := w.call(user("anna", ""), "updateOne", `"query":{"_id":"a"},"update":`+update); !strings.Contains(w.stored("a"), want) {
			t.Errorf("%s = %s makes %s, want %s", update, answer, w.stored("a"), want)
		}
	}
}

// onServer runs an update on a copy of the sample, and returns the server's refusal.
func (w *world) onServer(update string) error {
	w.t.Helper()
	w.reset()
	_, err := w.collection.UpdateOne(context.Background(), map[string]string{"_id": "a"}, mustBSON(w.t, update))
	return err
}

// reset makes the stored document the sample.
func (w *world) reset() {
	w.t.Helper()
	ctx := context.Background()
	if _, err := w.collection.DeleteOne(ctx, map[string]string{"_id": "a"}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.collection.InsertOne(ctx, mustBSON(w.t, sample)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) compareUpdate(update string) {
	w.t.Helper()
	err := w.onServer(update)
	want := w.fields("a")
	w.reset()
	answer := w.call(user("anna", ""), "updateOne", `"query":{"_id":"a"},"update":`+update)
	if refused := answer[0] == '4'; refused != (err != nil) {
		w.t.Errorf("%s = %s, and on the server %v", update, answer, err)
	}
	if got := w.fields("a"); !reflect.DeepEqual(got, want) {
		w.t.Errorf("%s makes\n%v, and on the server\n%v", update, got, want)
	}
}

// fields returns the fields of a stored document as canonical Extended JSON. Their order
// does not count.
func (w *world) fields(id string) map[string]any {
	w.t.Helper()
	var raw bson.Raw
	if err := w.collection.FindOne(context.Background(), map[string]string{"_id": id}).Decode(&raw); err != nil {
		w.t.Fatal(err)
	}
	text, err := bson.MarshalExtJSON(raw, true, false)
	if err != nil {
		w.t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		w.t.Fatal(err)
	}
	return fields
}

// Each query finds the same documents here and on the server.
func TestQuery_FindsWhatMongoDBFinds(t *testing.T) {
	docs := []string{
		sample, `{"_id":"b","n":7,"s":"other","list":[1,[2]],"doc":{"a":5}}`, `{"_id":"c","n":5.0,"z":1,"docs":[],"doc":[{"a":1},{"a":{"b":1}}]}`,
		`{"_id":"d","n":"5","t":false,"list":2,"docs":{"k":1}}`, `{"_id":"e","n":[5,6],"x":-1,"words":"a"}`, `{"_id":"f","n":null}`, `{"_id":"g"}`,
	}
	docs = slices.DeleteFunc(docs, func(doc string) bool { return doc[8] == 'b' || doc[8] == 'c' }) // FerretDB has no nested arrays
	docs = append(docs, `{"_id":"b","n":7,"s":"other","list":[1,4],"doc":{"a":5}}`, `{"_id":"c","n":5.0,"z":1,"docs":[]}`)
	w := newWorld(t, evaluated, "", docs...)
	for _, query := range []string{
		`{}`, `{"n":5}`, `{"n":{"$eq":5}}`, `{"n":{"$ne":5}}`, `{"n":{"$gt":5}}`, `{"n":{"$gte":5}}`, `{"n":{"$lt":6}}`, `{"n":{"$lte":5}}`, `{"n":{"$in":[5,"5"]}}`, `{"n":{"$nin":[5]}}`,
		`{"n":null}`, `{"n":{"$ne":null}}`, `{"n":{"$exists":true}}`, `{"n":{"$exists":false}}`, `{"n":{"$in":[null]}}`, `{"n":[5,6]}`, `{"n":{"$type":"string"}}`, `{"n":{"$type":"int"}}`,
		`{"n":{"$type":["double","null"]}}`, `{"n":{"$type":"number"}}`, `{"list":{"$type":"array"}}`, `{"list":2}`, `{"list":{"$size":3}}`, `{"list":{"$all":[1,2]}}`, `{"list":{"$all":[]}}`,
		`{"list":{"$gt":2}}`, `{"list.0":1}`, `{"list.0":{"$gt":2}}`, `{"docs.k":1}`, `{"docs.k":{"$gt":1}}`, `{"docs.0.v":"a"}`,
		`{"doc.a.b":1}`, `{"doc.a":{"b":1}}`, `{"doc":{"a":5}}`, `{"doc.a.b":{"$exists":false}}`,
		`{"$or":[{"n":7},{"s":"text"}]}`, `{"$and":[{"n":5},{"s":"text"}]}`, `{"$nor":[{"n":5},{"n":7}]}`, `{"n":{"$not":{"$gt":5}}}`, `{"t":true}`, `{"t":{"$ne":true}}`,
		`{"s":{"$gt":"p"}}`, `{"day":{"$lt":{"$date":"2021-01-01T00:00:00Z"}}}`, `{"words":"a"}`, `{"long":{"$gt":5}}`, `{"x":{"$lt":0}}`, `{"missing.a.b":null}`, `{"z":{"$gte":null}}`,
	} {
		cursor, err := w.collection.Find(t.Context(), mustBSON(t, query))
		if err != nil {
			t.Errorf("the server refuses %s: %v", query, err)
			continue
		}
		var found []struct {
			ID string `bson:"_id"`
		}
		if err := cursor.All(t.Context(), &found); err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, doc := range found {
			want[doc.ID] = true
		}
		var answer []struct {
			ID string `json:"_id"`
		}
		text := w.call(user("anna", ""), "find", `"project":{"_id":1},"query":`+query)
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Errorf("%s = %s", query, text)
			continue
		}
		got := map[string]bool{}
		for _, doc := range answer {
			got[doc.ID] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s finds %v, and on the server %v", query, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

// FerretDB does not have these conditions, or finds other documents than MongoDB documents.
func TestQuery_FindsWhatMongoDBDocuments(t *testing.T) {
	w := newWorld(t, evaluated, "", sample, `{"_id":"b","n":[4,7],"list":[1,4],"docs":[]}`, `{"_id":"c","n":-3}`)
	for query, want := range map[string]string{
		`{"list":{"$elemMatch":{"$gt":2,"$lt":4}}}`:                     `[{"_id":"a"}]`,
		`{"list":{"$elemMatch":{"$not":{"$lt":4}}}}`:                    `[{"_id":"b"}]`,
		`{"docs":{"$elemMatch":{"k":2,"v":"b"}}}`:                       `[{"_id":"a"}]`,
		`{"docs":{"$elemMatch":{"k":2,"v":"a"}}}`:                       `[]`,
		`{"docs":{"$elemMatch":{"$or":[{"k":9},{"v":"c"}]}}}`:           `[{"_id":"a"}]`,
		`{"docs":{"$not":{"$elemMatch":{"v":"c"}}},"list":{"$size":2}}`: `[{"_id":"b"}]`,
		`{"docs.k":null}`:       `[{"_id":"a"},{"_id":"c"}]`,
		`{"n":{"$mod":[2,1]}}`:  `[{"_id":"a"},{"_id":"b"}]`,
		`{"n":{"$mod":[2,-1]}}`: `[{"_id":"c"}]`,
	} {
		if got := w.call(user("anna", ""), "find", `"sort":{"_id":1},"project":{"_id":1},"query":`+query); got != want {
			t.Errorf("%s finds %s, want %s", query, got, want)
		}
	}
}

// Each order and projection gives the same result here and on the server.
func TestFind_SortsAndProjectsAsMongoDBDoes(t *testing.T) {
	var docs []string
	for i, v := range []string{`5`, `"a"`, `null`, `true`, `[3,9]`, `{"b":1}`, `{"$date":"2020-01-02T03:04:05Z"}`, `-1.5`, `"A"`, `{"$oid":"5f1f216e82df4a7979f9da93"}`, `false`} {
		docs = append(docs, fmt.Sprintf(`{"_id":"%c","owner":"x","v":%s,"w":%d,"doc":{"a":{"b":1,"c":2},"d":3},"docs":[{"a":1,"b":2},{"b":3}]}`, 'a'+i, v, i%2))
	}
	w := newWorld(t, evaluated, "", append(docs, `{"_id":"z"}`)...)
	for _, args := range []string{
		`"sort":{"v":1,"_id":1}`, `"sort":{"v":-1,"_id":1}`, `"sort":{"w":1,"_id":-1}`, `"sort":{"doc.a.b":1,"_id":-1}`,
		`"sort":{"_id":1},"project":{"v":1}`, `"sort":{"_id":1},"project":{"v":0}`, `"sort":{"_id":1},"project":{"v":1,"_id":0}`, `"sort":{"_id":1},"project":{"_id":0}`, `"sort":{"_id":1},"project":{"_id":1}`,
		`"sort":{"_id":1},"project":{"doc.a.b":1}`, `"sort":{"_id":1},"project":{"doc.a.b":0}`, `"sort":{"_id":1},"project":{"docs.a":1}`, `"sort":{"_id":1},"project":{"docs.a":0,"doc":0}`,
		`"sort":{"_id":1},"project":{"v.b":1,"doc.d":1}`, `"sort":{"_id":1},"limit":3`,
	} {
		w.setRoles(evaluated, "")
		here := w.call(user("anna", ""), "find", args)
		w.setRoles(anyone, "")
		var parsed struct {
			Sort, Project json.RawMessage
			Limit         int64
		}
		if err := json.Unmarshal([]byte(`{`+args+`}`), &parsed); err != nil {
			t.Fatal(err)
		}
		o := options.Find().SetSort(mustBSON(t, string(parsed.Sort))).SetLimit(parsed.Limit)
		if parsed.Project != nil {
			o.SetProjection(mustBSON(t, string(parsed.Project)))
		}
		cursor, err := w.collection.Find(t.Context(), struct{}{}, o)
		if err != nil {
			t.Fatal(err)
		}
		var found bson.A
		for cursor.Next(t.Context()) {
			found = append(found, bson.Raw(slices.Clone(cursor.Current)))
		}
		text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: found}}, true, false)
		if err != nil {
			t.Fatal(err)
		}
		server := string(text[len(`{"v":`) : len(text)-1])
		if pushed := w.call(user("anna", ""), "find", args); here != server || pushed != server {
			t.Errorf("%s gives\n%s, with a query that MongoDB gets\n%s, and on the server\n%s", args, here, pushed, server)
		}
	}
}
