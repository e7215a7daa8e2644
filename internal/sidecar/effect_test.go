package sidecar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// trialDocuments are of the users anna, whose document as JSON has 42 bytes, ben, whose is
// large, and 7, who is found by another field only.
var trialDocuments = fmt.Sprintf(`[
  {"id": "anna", "city": "Wien", "lang": "de"},
  {"id": "ben", "city": "Graz", "bio": %q},
  {"number": "7", "city": "Linz"}
]`, strings.Repeat("x", 3000))

// trialConfig returns a configuration in which this field of the documents has the user's id.
func trialConfig(t *testing.T, field, settings string) *config.Config {
	t.Helper()
	return load(t, map[string]string{"users.json": trialDocuments, "tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: ` + field + `}
` + settings})
}

// anna, with the document {"id":"anna","city":"Wien","lang":"de"}, which has 41 bytes.
const annaDocument = 41

// enrichedNow returns a token of 600 bytes that has a document of this size, and 500 bytes
// besides it.
func enrichedNow(document int, c config.Claim) pastToken {
	return pastToken{kind: enrich.Access, inBody: true, budget: int(c.MaxTokenSize), before: 600, after: 600 + 500 + addedBytes(c, document), document: document, reason: enrich.OK}
}

func TestEffect_SaysWhatADraftMakesOfLogins(t *testing.T) {
	current := trialConfig(t, "id", "")
	anna, ben, seven := enrich.User{ID: "anna"}, enrich.User{ID: "ben"}, enrich.User{ID: "7"}
	inHeader := enrichedNow(annaDocument, current.Claim)
	inHeader.inBody, inHeader.budget = false, 4000
	opaque := pastToken{kind: enrich.Access, inBody: true, before: 40, after: 40, reason: enrich.Opaque}
	none := pastToken{kind: enrich.Access, inBody: true, before: 600, after: 600, reason: enrich.NoDocument}
	id := pastToken{kind: enrich.ID, inBody: true, before: 700, after: 700}
	logins := []pastLogin{
		{anna, []pastToken{enrichedNow(annaDocument, current.Claim), id}},
		{anna, []pastToken{inHeader}},
		{ben, []pastToken{enrichedNow(3035, current.Claim), opaque}},
		{seven, []pastToken{none}},
	}
	for _, tt := range []struct {
		name, settings, field string
		reasons               string // reason now/then
		documents             string // the largest document now/then
		note                  string
	}{
		{"nothing changes", "", "", "ok 3/3 no_document 1/1 opaque 1/1", "3035/3035", ""},
		{"fewer fields", "claim: {include: [city]}", "", "ok 3/3 no_document 1/1 opaque 1/1", "3035/15", ""},
		{"another field of the user id", "", "number", "ok 3/1 no_document 1/3 opaque 1/1", "3035/28", ""},
		{"a small bound for documents", "claim: {max_size: 1000}", "", "ok 3/2 no_document 1/1 opaque 1/1 too_large 0/1", "3035/3035", ""},
		{"a small bound for tokens", "claim: {max_token_size: 1150}", "", "ok 3/1 no_document 1/1 opaque 1/1 too_large 0/2", "3035/3035", ""},
		{"a small bound for headers", "claim: {max_header_size: 1150}", "", "ok 3/2 no_document 1/1 opaque 1/1 too_large 0/1", "3035/3035", ""},
		{"the claim in id_tokens", "claim: {kinds: [access, id]}", "", "ok 3/4 no_document 1/1 opaque 1/1", "3035/3035", ""},
		{"off", "claim: {enabled: false}", "", "ok 3/0 no_document 1/0 opaque 1/0", "3035/0", "No token gets the claim, because claim.enabled is false in the draft."},
		{"shadow", "shadow: true", "", "ok 3/3 no_document 1/1 opaque 1/1", "3035/3035", "No token gets the claim, because shadow is on in the draft."},
		{"other settings, too", "wait_for_backend: true\nrestore: off", "", "ok 3/3 no_document 1/1 opaque 1/1", "3035/3035", "The draft also changes restore. Its effect on tokens was not tried."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			effect := effectOf(t.Context(), current, trialConfig(t, cmp.Or(tt.field, "id"), tt.settings), logins, Options{})
			if effect.Failed != "" {
				t.Fatal(effect.Failed)
			}
			if got := reasonText(effect); got != tt.reasons {
				t.Errorf("reasons now/then: %s, want %s", got, tt.reasons)
			}
			if got := fmt.Sprintf("%d/%d", effect.Sizes[0].MaxNow, effect.Sizes[0].MaxThen); effect.Sizes[0].What != "documents" || got != tt.documents {
				t.Errorf("the largest document now/then: %s, want %s", got, tt.documents)
			}
			if tt.note != "" && !slices.Contains(effect.Notes, tt.note) || tt.note == "" && len(effect.Notes) > 0 {
				t.Errorf("notes: %q, want %q", effect.Notes, tt.note)
			}
		})
	}
}

func reasonText(e *adminapi.Effect) string {
	var texts []string
	for _, r := range e.Reasons {
		texts = append(texts, fmt.Sprintf("%s %d/%d", r.Reason, r.Now, r.Then))
	}
	return strings.Join(texts, " ")
}

// A token that would be too large takes the claim from the others of its response.
func TestEffect_CountsAllOfAResponseOrNone(t *testing.T) {
	current := trialConfig(t, "id", "claim: {kinds: [access, id]}")
	small, large := enrichedNow(annaDocument, current.Claim), enrichedNow(annaDocument, current.Claim)
	large.before, large.after, large.kind = large.before+2000, large.after+2000, enrich.ID
	draft := trialConfig(t, "id", "claim: {kinds: [access, id], max_token_size: 2000}")
	effect := effectOf(t.Context(), current, draft, []pastLogin{{enrich.User{ID: "anna"}, []pastToken{small, large}}}, Options{})
	if got, want := reasonText(effect), "ok 2/0 too_large 0/2"; got != want {
		t.Errorf("reasons now/then: %s, want %s", got, want)
	}
}

func TestEffect_SaysWhyItIsNotKnown(t *testing.T) {
	current := trialConfig(t, "id", "")
	login := []pastLogin{{enrich.User{ID: "anna"}, []pastToken{enrichedNow(annaDocument, current.Claim)}}}
	away := load(t, map[string]string{"tokengraft.yaml": withMongoDB})
	otherClaim := load(t, map[string]string{"users.json": "[]", "tokengraft.yaml": strings.Replace(strings.Replace(withMongoDB, "user_id_field: id", "user_id_field: id\n  user_id_claim: email\n  file: users.json", 1), `  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}`, "", 1)})
	for _, tt := range []struct {
		name   string
		draft  *config.Config
		logins []pastLogin
		want   string
	}{
		{"no login", current, nil, "no user has logged in"},
		{"another claim", otherClaim, login, "takes the user's id from another claim"},
		{"MongoDB cannot be reached", away, login, "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := effectOf(t.Context(), current, tt.draft, tt.logins, Options{}).Failed; !strings.Contains(got, tt.want) {
				t.Errorf("failed: %q, want %q in it", got, tt.want)
			}
		})
	}
}

// An id_token with at_hash is signed again for another token, and has no claim.
func TestEffect_KeepsTokensThatHaveNoClaim(t *testing.T) {
	current := trialConfig(t, "id", "")
	signedAgain := pastToken{kind: enrich.ID, inBody: true, before: 700, after: 2100, reason: enrich.OK}
	logins := []pastLogin{{enrich.User{ID: "anna"}, []pastToken{enrichedNow(annaDocument, current.Claim), signedAgain}}}
	effect := effectOf(t.Context(), current, trialConfig(t, "id", "claim: {include: [city]}"), logins, Options{})
	if got, want := reasonText(effect), "ok 2/2"; got != want {
		t.Errorf("reasons now/then: %s, want %s", got, want)
	}
	if size := effect.Sizes[1]; size.What != "tokens in bodies" || size.MaxNow != 2100 || size.MaxThen != 2100 {
		t.Errorf("got %+v, want tokens of 2100 bytes now and then", size)
	}
}
