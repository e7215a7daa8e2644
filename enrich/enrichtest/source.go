package enrichtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// SourceOptions are the options that every source of documents has. A zero field
// means the default of the source.
type SourceOptions struct {
	// Field is the user-id field.
	Field      string
	IDType     bsonjson.UserIDType
	Format     bsonjson.Format
	Projection bsonjson.Projection
}

// OpenSource opens a source with these documents, inserted in this order. They are in
// MongoDB Extended JSON. It closes the source when the test ends.
type OpenSource func(t *testing.T, options SourceOptions, docs ...string) enrich.Source

// TestSource checks that a source meets the contract of [enrich.Source].
func TestSource(t *testing.T, open OpenSource) {
	t.Run("finds by the user-id field", func(t *testing.T) { testLookups(t, open) })
	t.Run("writes the format", func(t *testing.T) { testFormats(t, open) })
	t.Run("applies the projection", func(t *testing.T) { testProjections(t, open) })
	t.Run("returns when the read started", func(t *testing.T) { testReadAt(t, open) })
	t.Run("returns the document's id", func(t *testing.T) { testDocumentID(t, open) })
	t.Run("guards credentials", func(t *testing.T) { testCredentials(t, open) })
	t.Run("reports near misses", func(t *testing.T) { testNearMisses(t, open) })
	t.Run("explains users", func(t *testing.T) { testExplanations(t, open) })
	t.Run("shows a sample", func(t *testing.T) { testSample(t, open) })
	t.Run("finds ids elsewhere", func(t *testing.T) { testElsewhere(t, open) })
	t.Run("stops when the context ends", func(t *testing.T) { testCanceled(t, open) })
	t.Run("serves concurrent lookups", func(t *testing.T) { testConcurrent(t, open) })
}

const (
	hexID  = "62efedca3587e6e83c0fc675"
	uuidID = "73ffd264-44b3-4c69-90e8-e7d1dfc035d4"
)

// people has a document for each form of a user id. Its "is" says why a lookup
// should find it.
var people = []string{
	`{"_id":"a","f":"u1","is":"string"}`,
	`{"_id":"b","f":"5","is":"string of digits"}`,
	`{"_id":"c","f":5,"is":"int32"}`,
	`{"_id":"d","f":{"$numberLong":"6"},"is":"int64"}`,
	`{"_id":"e","f":7.0,"is":"double"}`,
	`{"_id":"f","f":{"$oid":"` + hexID + `"},"is":"ObjectId"}`,
	`{"_id":"g","f":{"$uuid":"` + uuidID + `"},"is":"uuid"}`,
	`{"_id":"h","f":["x1","x2"],"is":"array"}`,
	`{"_id":"i","f":null,"is":"null"}`,
	`{"_id":"j","is":"missing"}`,
	`{"_id":"k","f":{"g":[{"h":"deep"}]},"is":"nested"}`,
	`{"_id":"m","f":"twice","is":"second"}`,
	`{"_id":"l","f":"twice","is":"first"}`,
	`{"_id":"n","f":{"$oid":"62efedca3587e6e83c0fc676"},"is":"ObjectId equal to a string"}`,
	`{"_id":"n2","f":{"$oid":"62efedca3587e6e83c0fc676"},"is":"second ObjectId equal to a string"}`,
	`{"_id":"o","f":"62efedca3587e6e83c0fc676","is":"string equal to an ObjectId"}`,
	// A sort by the field alone would put these first because of their other elements.
	`{"_id":"r","f":["a","thrice"],"is":"third of three"}`,
	`{"_id":"q","f":["thrice","b"],"is":"second of three"}`,
	`{"_id":"p","f":"thrice","is":"first of three"}`,
	// In the order of the field, these would hide each other.
	`{"_id":"ab","f":["77","b"],"is":"second of two strings of digits in arrays"}`,
	`{"_id":"aa","f":["77","a"],"is":"first of two strings of digits in arrays"}`,
	`{"_id":"ac","f":["zz",88],"is":"first number next to a string"}`,
	`{"_id":"ad","f":["zz",88],"is":"second number next to a string"}`,
	`{"_id":"ae","f":"88","is":"string next to numbers in arrays"}`,
	`{"_id":"t","f":{"$numberLong":"8"},"is":"second number"}`,
	`{"_id":"s","f":8.0,"is":"first number"}`,
	`{"_id":"u","f":9,"is":"number equal to a string"}`,
	`{"_id":"w","f":"9","is":"second string equal to a number"}`,
	`{"_id":"v","f":"9","is":"first string equal to a number"}`,
	`{"_id":"y","f":9.0,"is":"second number equal to a string"}`,
	`{"_id":"x","f":[1,-10],"is":"negative number in an array"}`,
	`{"_id":11,"f":"z","is":"number as _id"}`,
	`{"_id":12,"is":"number as _id, equal to a string"}`,
	`{"_id":"12","is":"string as _id, equal to a number"}`,
}

func testLookups(t *testing.T, open OpenSource) {
	number := func(id string) enrich.User { return enrich.User{ID: id, Number: true} }
	text := func(id string) enrich.User { return enrich.User{ID: id} }
	tests := []struct {
		name  string
		typ   bsonjson.UserIDType
		field string
		user  enrich.User
		want  string // the document's "is", or "" for ErrNoDocument
	}{
		{"string", "", "f", text("u1"), "string"},
		{"user without a document", "", "f", text("u2"), ""},
		{"other letter case", "", "f", text("U1"), ""},
		{"the zero user", "", "f", enrich.User{}, ""},
		{"auto: a string is preferred to a number", bsonjson.AutoID, "f", text("5"), "string of digits"},
		{"auto: the lowest _id of several strings is preferred to a number", bsonjson.AutoID, "f", text("9"), "first string equal to a number"},
		{"auto: a string matches an int64", bsonjson.AutoID, "f", text("6"), "int64"},
		{"auto: a string matches a double", bsonjson.AutoID, "f", text("7"), "double"},
		{"auto: a string matches the number with the lowest _id", bsonjson.AutoID, "f", text("8"), "first number"},
		{"auto: a string matches a negative number in an array", bsonjson.AutoID, "f", text("-10"), "negative number in an array"},
		{"auto: the lowest _id of several strings in arrays", bsonjson.AutoID, "f", text("77"), "first of two strings of digits in arrays"},
		{"auto: a string is preferred to numbers next to strings", bsonjson.AutoID, "f", text("88"), "string next to numbers in arrays"},
		{"auto: a string with a leading zero matches no number", bsonjson.AutoID, "f", text("06"), ""},
		{"auto: a string with a sign matches no number", bsonjson.AutoID, "f", text("+6"), ""},
		{"auto: a string with a fraction matches no number", bsonjson.AutoID, "f", text("6.0"), ""},
		{"auto: a string matches a number as _id", bsonjson.AutoID, "_id", text("11"), "number as _id"},
		{"auto: a string as _id is preferred to a number", bsonjson.AutoID, "_id", text("12"), "string as _id, equal to a number"},
		{"auto: a number as _id", bsonjson.AutoID, "_id", number("12"), "number as _id, equal to a string"},
		{"auto: a number does not match a string", bsonjson.AutoID, "f", number("5"), "int32"},
		{"auto: int64", bsonjson.AutoID, "f", number("6"), "int64"},
		{"auto: double", bsonjson.AutoID, "f", number("7"), "double"},
		{"auto: a string of digits without a document", bsonjson.AutoID, "f", text("66"), ""},
		{"auto: ObjectId", bsonjson.AutoID, "f", text(hexID), "ObjectId"},
		{"auto: a string is preferred to an ObjectId", bsonjson.AutoID, "f", text("62efedca3587e6e83c0fc676"), "string equal to an ObjectId"},
		{"auto: does not match a UUID", bsonjson.AutoID, "f", text(uuidID), ""},
		{"string: does not match a number", bsonjson.StringID, "f", text("6"), ""},
		{"string: does not match an ObjectId", bsonjson.StringID, "f", text(hexID), ""},
		{"objectId: does not match a string", bsonjson.ObjectID, "f", text("62efedca3587e6e83c0fc676"), "ObjectId equal to a string"},
		{"objectId: not hexadecimal", bsonjson.ObjectID, "f", text("u1"), ""},
		{"objectId: does not match a number", bsonjson.ObjectID, "f", text("6"), ""},
		{"int: string of digits", bsonjson.IntID, "f", text("5"), "int32"},
		{"int: number", bsonjson.IntID, "f", number("6"), "int64"},
		{"uuid", bsonjson.UUID, "f", text(uuidID), "uuid"},
		{"an element of an array", "", "f", text("x2"), "array"},
		{"a dotted field, through an array", "", "f.g.h", text("deep"), "nested"},
		{"_id", "", "_id", text("a"), "string"},
		{"two documents: the lowest _id", "", "f", text("twice"), "first"},
		{"three documents, some with arrays: the lowest _id", "", "f", text("thrice"), "first of three"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := open(t, SourceOptions{Field: tt.field, IDType: tt.typ}, people...)
			doc, err := src.Lookup(t.Context(), enrich.Query{User: tt.user})
			if tt.want == "" {
				if !errors.Is(err, enrich.ErrNoDocument) {
					t.Fatalf("Lookup(%q) with type %q = %s, %v; want %v", tt.user.ID, tt.typ, doc.JSON, err, enrich.ErrNoDocument)
				}
				return
			}
			var got struct{ Is string }
			if err != nil || json.Unmarshal(doc.JSON, &got) != nil || got.Is != tt.want || doc.Stale {
				t.Errorf("Lookup(%#v) with type %q = %s (stale %v), %v; want the document with is=%q, not stale", tt.user.ID, tt.typ, doc.JSON, doc.Stale, err, tt.want)
			}
		})
	}
}

// expect looks up the user u in a source with one document, and checks the JSON.
func expect(t *testing.T, open OpenSource, options SourceOptions, doc, want string) {
	t.Helper()
	options.Field = "f"
	got, err := open(t, options, doc).Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}})
	if err != nil || string(got.JSON) != want {
		t.Errorf("Lookup with the document %s = %s, %v; want %s", doc, got.JSON, err, want)
	}
}

func testFormats(t *testing.T, open OpenSource) {
	const doc = `{"_id":{"$oid":"` + hexID + `"},"f":"u","n":13,"l":{"$numberLong":"2"},"d":70.5,"at":{"$date":{"$numberLong":"1660000000000"}},"s":"<&>\u2028"}`
	tests := map[bsonjson.Format]string{
		"":                   `{"_id":"` + hexID + `","f":"u","n":13,"l":2,"d":70.5,"at":"2022-08-08T23:06:40.000Z","s":"<&>` + "\u2028" + `"}`,
		bsonjson.Relaxed:     `{"_id":{"$oid":"` + hexID + `"},"f":"u","n":13,"l":2,"d":70.5,"at":{"$date":"2022-08-08T23:06:40Z"},"s":"<&>` + "\u2028" + `"}`,
		bsonjson.Canonical:   `{"_id":{"$oid":"` + hexID + `"},"f":"u","n":{"$numberInt":"13"},"l":{"$numberLong":"2"},"d":{"$numberDouble":"70.5"},"at":{"$date":{"$numberLong":"1660000000000"}},"s":"<&>` + "\u2028" + `"}`,
		bsonjson.AppServices: `{"_id":"` + hexID + `","f":"u","n":{"$numberInt":"13"},"l":{"$numberLong":"2"},"d":{"$numberDouble":"70.5"},"at":{"$date":{"$numberLong":"1660000000000"}},"s":"<&>` + "\u2028" + `"}`,
	}
	for format, want := range tests {
		t.Run(string(format), func(t *testing.T) { expect(t, open, SourceOptions{Format: format}, doc, want) })
	}
}

func testProjections(t *testing.T, open OpenSource) {
	const doc = `{"_id":"a","f":"u","lang":"en","address":{"city":"Linz","zip":"4020"},"pets":[{"name":"Rex","age":3},{"name":"Tom"}]}`
	tests := []struct {
		name             string
		include, exclude []string
		want             string
	}{
		{"include", []string{"lang"}, nil, `{"lang":"en"}`},
		{"include the user-id field", []string{"f"}, nil, `{"f":"u"}`},
		{"include dotted paths", []string{"address.city", "pets.name"}, nil, `{"address":{"city":"Linz"},"pets":[{"name":"Rex"},{"name":"Tom"}]}`},
		{"include with _id excluded", []string{"lang"}, []string{"_id"}, `{"lang":"en"}`},
		{"include a path that does not exist", []string{"none"}, nil, `{}`},
		{"exclude _id", nil, []string{"_id"}, `{"f":"u","lang":"en","address":{"city":"Linz","zip":"4020"},"pets":[{"name":"Rex","age":3},{"name":"Tom"}]}`},
		{"exclude the user-id field", nil, []string{"f", "_id", "pets", "address"}, `{"lang":"en"}`},
		{"exclude dotted paths", nil, []string{"address.zip", "pets.age"}, `{"_id":"a","f":"u","lang":"en","address":{"city":"Linz"},"pets":[{"name":"Rex"},{"name":"Tom"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, open, SourceOptions{Projection: bsonjson.Projection{Include: tt.include, Exclude: tt.exclude}}, doc, tt.want)
		})
	}
}

func testReadAt(t *testing.T, open OpenSource) {
	src := open(t, SourceOptions{Field: "f"}, `{"_id":1,"f":"u"}`)
	before := time.Now()
	doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}, NotBefore: before})
	if err != nil || doc.ReadAt.Before(before) || doc.ReadAt.After(time.Now()) {
		t.Errorf("Lookup, called at %v, returned ReadAt %v, %v; want a time within the call", before, doc.ReadAt, err)
	}
}

func testDocumentID(t *testing.T, open OpenSource) {
	src := open(t, SourceOptions{Field: "f", Projection: bsonjson.Projection{Exclude: []string{"_id"}}}, `{"_id":{"$oid":"`+hexID+`"},"f":"u"}`)
	doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}})
	if want := `{"$oid":"` + hexID + `"}`; err != nil || doc.ID != want {
		t.Errorf("Lookup returned the document ID %s, %v; want %s", doc.ID, err, want)
	}
}

func testCanceled(t *testing.T, open OpenSource) {
	src := open(t, SourceOptions{Field: "f"}, `{"_id":1,"f":"secret-user"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := src.Lookup(ctx, enrich.Query{User: enrich.User{ID: "secret-user"}})
	if !errors.Is(err, context.Canceled) || errors.Is(err, enrich.ErrNoDocument) {
		t.Fatalf("Lookup with a canceled context returned the error %v; want %v", err, context.Canceled)
	}
	if strings.Contains(err.Error(), "secret-user") {
		t.Errorf("Lookup returned the error %q; want one without the user id", err)
	}
}

func testConcurrent(t *testing.T, open OpenSource) {
	var docs []string
	for i := range 20 {
		docs = append(docs, fmt.Sprintf(`{"_id":%d,"f":"u%d"}`, i, i))
	}
	src := open(t, SourceOptions{Field: "f"}, docs...)
	var callers sync.WaitGroup
	for i := range docs {
		callers.Go(func() {
			doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: fmt.Sprintf("u%d", i)}})
			if err != nil || string(doc.JSON) != docs[i] {
				t.Errorf("Lookup(u%d) = %s, %v; want %s", i, doc.JSON, err, docs[i])
			}
		})
	}
	callers.Wait()
}
