package bsonjson_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestSample_ListsWhatCanBePicked(t *testing.T) {
	for _, tt := range []struct {
		name       string
		projection bsonjson.Projection
		want       string // path documents sizes, + if it is in the token, ! if it looks like a credential
	}{
		{"all", bsonjson.Projection{}, "_id:2+ f:2+ city:1+ address:2+ passwordHash:1!"},
		{"some", bsonjson.Projection{Include: []string{"city"}}, "_id:2 f:2 city:1+ address:2 passwordHash:1!"},
		{"within an object", bsonjson.Projection{Include: []string{"address.zip"}}, "_id:2 f:2 city:1 address.zip:2+ address.street:1 passwordHash:1!"},
		{"left out", bsonjson.Projection{Exclude: []string{"address.street", "_id"}}, "_id:2 f:2+ city:1+ address.zip:2+ address.street:1 passwordHash:1!"},
		{"a credential", bsonjson.Projection{Include: []string{"passwordHash"}}, "_id:2 f:2 city:1 address:2 passwordHash:1!+"},
		{"credentials are only listed", bsonjson.Projection{Credentials: bsonjson.WarnCredentials}, "_id:2+ f:2+ city:1+ address:2+ passwordHash:1!+"},
		{"paths that no document has", bsonjson.Projection{Include: []string{"city.name", "none.at.all"}}, "_id:2 f:2 city:1 address:2 passwordHash:1!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := mappingOf(t, tt.projection).Sample([][]byte{
				fromJSON(t, `{"_id":"a","f":"u1","city":"Wien","address":{"zip":1010,"street":"x"}}`),
				fromJSON(t, `{"_id":"b","f":7,"address":{"zip":"8010"},"passwordHash":"$2b$12$abc","62efedca3587e6e83c0fc675":1,"a.b":1}`),
				{0xff, 0, 0}, // not BSON
			})
			var got []string
			for _, f := range s.Fields {
				text := fmt.Sprintf("%s:%d", f.Path, len(f.Sizes))
				if f.Credential {
					text += "!"
				}
				if f.Included {
					text += "+"
				}
				got = append(got, text)
			}
			if text := strings.Join(got, " "); text != tt.want || s.Documents != 3 || len(s.Sizes) != 2 {
				t.Errorf("%d documents, %d sizes, %s\nwant 3, 2, %s", s.Documents, len(s.Sizes), text, tt.want)
			}
		})
	}
}

// The sizes are the bytes in a token.
func TestSample_MeasuresFieldsAsJSON(t *testing.T) {
	doc := `{"_id":"a","f":"u1","city":"Wien"}`
	s := mappingOf(t, bsonjson.Projection{}).Sample([][]byte{fromJSON(t, doc)})
	sum := 0
	for _, f := range s.Fields {
		sum += f.Sizes[0]
	}
	if len(s.Sizes) != 1 || s.Sizes[0] != len(doc) || sum != len(doc)-1 { // two braces, and one comma too many
		t.Errorf("sizes %v of the document and %d of its fields, want %d and %d", s.Sizes, sum, len(doc), len(doc)-1)
	}
}

func TestSample_ShowsIDsByType(t *testing.T) {
	var docs [][]byte
	for i := range 8 {
		docs = append(docs, fromJSON(t, fmt.Sprintf(`{"f":%d}`, i)))
	}
	docs = append(docs,
		fromJSON(t, `{"f":{"$oid":"62efedca3587e6e83c0fc675"}}`),
		fromJSON(t, `{"f":{"$uuid":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}}`),
		fromJSON(t, `{"f":"`+strings.Repeat("ä", 40)+`x"}`),
		fromJSON(t, `{"f":true}`),
		fromJSON(t, `{}`),
	)
	ids := mappingOf(t, bsonjson.Projection{}).Sample(docs).IDs
	for typ, want := range map[string]bsonjson.SampledIDs{
		"int":      {8, []string{"0", "1", "2", "3", "4"}},
		"objectId": {1, []string{"62efedca3587e6e83c0fc675"}},
		"uuid":     {1, []string{"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}},
		"string":   {1, []string{strings.Repeat("ä", 32) + "…"}},
		"boolean":  {1, nil},
		"":         {1, nil},
	} {
		if got := ids[typ]; got == nil || got.Documents != want.Documents || !slices.Equal(got.Examples, want.Examples) {
			t.Errorf("%q: %+v, want %+v", typ, got, want)
		}
	}
	if len(ids) != 6 {
		t.Errorf("%d types, want 6", len(ids))
	}
}

func TestSample_IsBounded(t *testing.T) {
	many := bson.D{}
	for i := range 300 {
		many = append(many, bson.E{Key: "f" + string(rune('a'+i%26)) + strings.Repeat("o", i/26), Value: i})
	}
	doc, err := bson.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(mappingOf(t, bsonjson.Projection{}).Sample([][]byte{doc}).Fields); n != 100 {
		t.Errorf("%d fields, want 100", n)
	}
}

func mappingOf(t *testing.T, p bsonjson.Projection) bsonjson.Mapping {
	t.Helper()
	m, err := bsonjson.NewMapping("f", bsonjson.AutoID, bsonjson.Plain, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fromJSON(t *testing.T, text string) []byte {
	t.Helper()
	var doc bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &doc); err != nil {
		t.Fatal(err)
	}
	return marshal(t, doc)
}
