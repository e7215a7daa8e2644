package enrich_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// The errors say which claim, its type and where it was looked for, and no value.
func TestNoDocument_SaysWhatWasLookedFor(t *testing.T) {
	where := "the field account_id of the collection app.users (user_id_type: auto)"
	for _, tt := range []struct{ claims, want, advice string }{
		{`{"id":"secret-one"}`, "the claim id is a string, and no document has it in " + where, "Nothing, if the user has no document."},
		{`{"id":"4711"}`, "the claim id is a string of decimal digits, and", "user_id_type"},
		{`{"id":4711}`, "the claim id is a number, and", "user_id_type"},
		{`{"id":"62efedca3587e6e83c0fc675"}`, "the claim id is a string of 24 hexadecimal digits, and", "user_id_type"},
		{`{"id":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}`, "the claim id is a string in the form of a UUID, and", "user_id_type"},
		{`{"id":"anna@example.com"}`, "the claim id is a string with an @, and", "user_id_type"},
		{`{"id":""}`, "the claim id is an empty string, but a user id is a string or a whole number", "Set documents.user_id_claim"},
		{`{"id":{"secret":1}}`, "the claim id is an object, but", "Set documents.user_id_claim"},
		{`{"id":["secret"]}`, "the claim id is an array, but", "Set documents.user_id_claim"},
		{`{"id":true}`, "the claim id is a boolean, but", "Set documents.user_id_claim"},
		{`{"id":null}`, "the claim id is null, but", "Set documents.user_id_claim"},
		{`{"id":1.5}`, "the claim id is a number that is not written as a whole number, but", "Set documents.user_id_claim"},
		{`{"sub":"secret","user_id":4711,"62efedca3587e6e83c0fc675":1}`, "the token has no claim id, which is set as the user's id. It has the claims sub, user_id, [redacted]", "Set documents.user_id_claim"},
	} {
		f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.UserID, o.Documents = "id", where })
		got := f.Enrich(t.Context(), grant(f.issuer.Token(tt.claims), ""))[0]
		if got.Reason != enrich.NoDocument || got.Err == nil || !strings.Contains(got.Err.Error(), tt.want) {
			t.Errorf("%s: reason %s, %v; want no_document, %q", tt.claims, got.Reason, got.Err, tt.want)
			continue
		}
		for _, value := range []string{"secret", "4711", "62efedca", "73ffd264", "anna"} {
			if strings.Contains(got.Err.Error(), value) {
				t.Errorf("%s: error %q has the value %q", tt.claims, got.Err, value)
			}
		}
		if advisor, ok := errors.AsType[*enrich.NoDocumentError](got.Err); !ok || !strings.Contains(advisor.Advice(), tt.advice) {
			t.Errorf("%s: advice of %v, want %q", tt.claims, got.Err, tt.advice)
		}
	}
}

func TestOpaque_SaysWhatTheTokenIs(t *testing.T) {
	f := newFixture(t, "ES256", nil)
	for raw, want := range map[string]string{"secret": "it has 0 dots", "e30.a.b.c.d": "as an encrypted JWT", "a.b.c": "its first part is not a JSON object"} {
		got := f.Enrich(t.Context(), enrich.Grant{Answered: time.Now(), Tokens: []enrich.Issued{{Raw: raw, Kind: enrich.Access}}})[0]
		if got.Reason != enrich.Opaque || !errors.Is(got.Err, enrich.ErrOpaque) || !strings.Contains(got.Err.Error(), want) || strings.Contains(got.Err.Error(), "secret") {
			t.Errorf("%s: reason %s, %v; want opaque, %q", raw, got.Reason, got.Err, want)
		}
	}
}
