package bsonjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

func TestNewMapping_ErrorStartsWithTheWrongOption(t *testing.T) {
	tests := []struct {
		name       string
		field      string
		idType     bsonjson.UserIDType
		format     bsonjson.Format
		projection bsonjson.Projection
		want       string
	}{
		{"no field", "", "", "", bsonjson.Projection{}, "Field is missing"},
		{"field that is not a path", "a..b", "", "", bsonjson.Projection{}, `Field "a..b" `},
		{"field that is an operator", "$where", "", "", bsonjson.Projection{}, `Field "$where" `},
		{"id type", "f", "objectid", "", bsonjson.Projection{}, `IDType "objectid" is unknown; use auto, string, objectId, int or uuid`},
		{"format", "f", "", "Plain", bsonjson.Projection{}, `Format "Plain" is unknown; use plain, relaxed, canonical or app-services`},
		{"projection", "f", "", "", bsonjson.Projection{Include: []string{"a", "a.b"}}, `Projection: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := bsonjson.NewMapping(tt.field, tt.idType, tt.format, tt.projection)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("NewMapping(%q, %q, %q, %v) = %v, want an error that starts with %q", tt.field, tt.idType, tt.format, tt.projection, err, tt.want)
			}
		})
	}
}

func TestNewMapping_AcceptsEveryFormatAndIDType(t *testing.T) {
	for _, format := range append(formats, "") {
		for _, idType := range []bsonjson.UserIDType{"", bsonjson.AutoID, bsonjson.StringID, bsonjson.ObjectID, bsonjson.IntID, bsonjson.UUID} {
			if _, err := bsonjson.NewMapping("f", idType, format, bsonjson.Projection{}); err != nil {
				t.Errorf("NewMapping with format %q and id type %q = %v, want no error", format, idType, err)
			}
		}
	}
}

func TestMapping_ZeroOptionsMeanAutoPlainAndWhole(t *testing.T) {
	mapping, err := bsonjson.NewMapping("f", "", "", bsonjson.Projection{})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(mapping.Candidates(enrich.User{ID: hexID})); got != 2 {
		t.Errorf("an id that could be an ObjectId has %d candidates, want 2, the string and the ObjectId", got)
	}
	doc, err := bsonjson.Parse([]byte(`{"_id":{"$oid":"` + hexID + `"},"f":"anna","n":{"$numberLong":"7"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mapping.Document(doc)
	if want := `{"_id":"` + hexID + `","f":"anna","n":7}`; err != nil || string(got.JSON) != want {
		t.Errorf("Document = %s, %v; want %s", got.JSON, err, want)
	}
	if want := `{"$oid":"` + hexID + `"}`; got.ID != want {
		t.Errorf("Document has the ID %s, want %s", got.ID, want)
	}
}

// The cache evicts by ID, so a document has an ID even if _id is not in the JSON.
func TestMapping_DocumentKeepsItsIDWithoutAnIDInTheJSON(t *testing.T) {
	mapping, err := bsonjson.NewMapping("f", bsonjson.StringID, bsonjson.Canonical, bsonjson.Projection{Include: []string{"n"}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := bsonjson.Parse([]byte(`{"_id":1,"f":"anna","n":7}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mapping.Document(doc)
	if wantJSON, wantID := `{"n":{"$numberInt":"7"}}`, `{"$numberInt":"1"}`; err != nil || string(got.JSON) != wantJSON || got.ID != wantID {
		t.Errorf("Document = %s with ID %s, %v; want %s with ID %s", got.JSON, got.ID, err, wantJSON, wantID)
	}
}

func TestMapping_MalformedDocumentIsUndecodable(t *testing.T) {
	mapping, err := bsonjson.NewMapping("f", "", "", bsonjson.Projection{Exclude: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range [][]byte{nil, {1, 2, 3}, []byte("\x06\x00\x00\x00\x7f\x00")} {
		if got, err := mapping.Document(doc); !errors.Is(err, enrich.ErrUndecodable) {
			t.Errorf("Document(%x) = %s, %v; want %v", doc, got.JSON, err, enrich.ErrUndecodable)
		}
	}
}

func TestRender_RefusesAnUnknownFormat(t *testing.T) {
	if got, err := bsonjson.Render(marshal(t, map[string]int{"n": 1}), "yaml"); err == nil || !strings.Contains(err.Error(), `"yaml"`) {
		t.Errorf(`Render in format "yaml" = %s, %v; want an error that names the format`, got, err)
	}
}
