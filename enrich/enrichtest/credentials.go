package enrichtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// testCredentials checks that a source leaves out what looks like a credential, in every
// format, and says so.
func testCredentials(t *testing.T, open OpenSource) {
	type sampler interface {
		Contents(context.Context) (bsonjson.Contents, error)
	}
	const doc = `{"_id":"a","f":"u","apiKey":{"$numberLong":"1"},"l":[{"otp":{"$date":"2022-08-08T23:06:40Z"},"n":"x"}],"b":{"$binary":{"base64":"JDJiJDEyJEFiY0RlZkdoaWprbG1ub3A=","subType":"00"}}}`
	const rest = `{"_id":"a","f":"u","l":[{"n":"x"}]}`
	for _, tt := range []struct {
		projection bsonjson.Projection
		format     bsonjson.Format
		want       string
		found      []string
		embedded   bool
	}{
		{bsonjson.Projection{}, bsonjson.Plain, rest, []string{"apiKey", "b", "l.otp"}, false},
		{bsonjson.Projection{}, bsonjson.Relaxed, rest, []string{"apiKey", "b", "l.otp"}, false},
		{bsonjson.Projection{}, bsonjson.Canonical, rest, []string{"apiKey", "b", "l.otp"}, false},
		{bsonjson.Projection{}, bsonjson.AppServices, rest, []string{"apiKey", "b", "l.otp"}, false},
		{bsonjson.Projection{Exclude: []string{"l", "b"}}, "", `{"_id":"a","f":"u"}`, []string{"apiKey"}, false},
		{bsonjson.Projection{Include: []string{"l"}}, "", `{"l":[{"n":"x"}]}`, []string{"l.otp"}, false},
		{bsonjson.Projection{Include: []string{"l.otp", "apiKey"}}, "", `{"apiKey":1,"l":[{"otp":"2022-08-08T23:06:40.000Z"}]}`, nil, false},
		{bsonjson.Projection{Include: []string{"apiKey", "l.n"}, Credentials: bsonjson.WarnCredentials}, "", `{"apiKey":1,"l":[{"n":"x"}]}`, nil, false},
		{bsonjson.Projection{Exclude: []string{"b"}, Credentials: bsonjson.WarnCredentials}, "", `{"_id":"a","f":"u","apiKey":1,"l":[{"otp":"2022-08-08T23:06:40.000Z","n":"x"}]}`, []string{"apiKey", "l.otp"}, true},
		{bsonjson.Projection{Exclude: []string{"b"}, Credentials: bsonjson.AllowCredentials}, "", `{"_id":"a","f":"u","apiKey":1,"l":[{"otp":"2022-08-08T23:06:40.000Z","n":"x"}]}`, nil, false},
	} {
		src := open(t, SourceOptions{Field: "f", Format: tt.format, Projection: tt.projection}, doc)
		got, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}})
		want := map[enrich.Credential]int{}
		for _, path := range tt.found {
			want[enrich.Credential{Path: path, Dropped: !tt.embedded}] = 1
		}
		found := map[enrich.Credential]int{}
		for _, c := range got.Credentials {
			found[c]++
		}
		if err != nil || string(got.JSON) != tt.want || !maps.Equal(found, want) {
			t.Errorf("%+v, format %q: got %s, credentials %v, %v\nwant %s, credentials %v", tt.projection, tt.format, got.JSON, found, err, tt.want, want)
		}
		contents, err := src.(sampler).Contents(t.Context())
		if err != nil || contents.Documents != 1 || !maps.Equal(contents.Credentials, want) || slices.Contains(contents.Fields, "l") != strings.Contains(tt.want, `"l"`) {
			t.Errorf("%+v: Contents = %+v, %v; want 1 document, credentials %v, and the field l if it is in %s", tt.projection, contents, err, want, tt.want)
		}
	}
}
