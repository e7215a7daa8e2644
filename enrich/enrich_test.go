package enrich_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// sourceFunc is a source that is a function.
type sourceFunc func(q enrich.Query) (enrich.Document, error)

func (f sourceFunc) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) { return f(q) }

// documents is a source with one document for each of these users.
func documents(byID map[string]string) sourceFunc {
	return func(q enrich.Query) (enrich.Document, error) {
		document, ok := byID[q.User.ID]
		if !ok {
			return enrich.Document{}, enrich.ErrNoDocument
		}
		return enrich.Document{JSON: []byte(document), ReadAt: time.Now(), ID: "id-" + q.User.ID}, nil
	}
}

// A fixture is a backend's issuer, a ring that trusts it, and an enricher.
type fixture struct {
	*enrich.Enricher
	issuer *enrichtest.Issuer
	ring   *keys.Ring
}

// newFixture returns a fixture with one document, {"lang":"en"} of the user u1. It has
// own signing keys unless the algorithm is HMAC. change may change the options.
func newFixture(t testing.TB, algorithm string, change func(*keys.Options, *enrich.Options)) fixture {
	t.Helper()
	f := fixture{issuer: enrichtest.NewIssuer(t, algorithm)}
	dir := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	ringOptions := keys.Options{Logger: logger, Leeway: time.Second}
	if strings.HasPrefix(algorithm, "HS") {
		ringOptions.Secret = []byte(enrichtest.Secret)
	} else {
		ringOptions.JWKS = filepath.Join(dir, "jwks.json")
		ringOptions.Dir = filepath.Join(dir, "keys")
		if err := os.WriteFile(ringOptions.JWKS, f.issuer.JWKS(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options := enrich.Options{
		Source:  documents(map[string]string{"u1": `{"lang":"en"}`}),
		UserID:  "sub",
		Claim:   "custom_data",
		Kinds:   []enrich.Kind{enrich.Access},
		MaxSize: 16 << 10,
		Logger:  logger,
	}
	if change != nil {
		change(&ringOptions, &options)
	}
	var err error
	if f.ring, err = keys.Open(ringOptions); err != nil {
		t.Fatal(err)
	}
	options.Ring = f.ring
	if f.Enricher, err = enrich.New(options); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f fixture) jwks(t testing.TB) []byte {
	t.Helper()
	set, _, err := f.ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// grant returns the grant of a login with an access token and an id_token. Either may
// be empty.
func grant(access, id string) enrich.Grant {
	g := enrich.Grant{Answered: time.Now()}
	if access != "" {
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: access, Kind: enrich.Access, Budget: 6 << 10})
	}
	if id != "" {
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: id, Kind: enrich.ID, Budget: 6 << 10})
	}
	return g
}

// issuedAt is the iat of all tokens, so that their claims can be compared.
var issuedAt = time.Now().Unix()

// claimsOf returns claims of the user u1 that are valid for an hour, followed by more.
func claimsOf(more string) string {
	return fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d%s}`, issuedAt, issuedAt+3600, more)
}

// enrichOne enriches one access token.
func (f fixture) enrichOne(t testing.TB, token string) enrich.Outcome {
	t.Helper()
	return f.Enrich(t.Context(), grant(token, ""))[0]
}

var algorithms = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA",
}

func TestEnrich_TokensVerifyWithOneJWKS(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			f := newFixture(t, algorithm, nil)
			token := f.issuer.Token(claimsOf(""))
			got := f.enrichOne(t, token)
			if got.Reason != enrich.OK {
				t.Fatalf("reason %q (%v), want ok", got.Reason, got.Err)
			}
			header, claims := enrichtest.DecodeToken(t, got.Raw)
			claims, record := enrichtest.CutRecord(claims)
			if want := strings.TrimSuffix(claimsOf(""), "}") + `,"custom_data":{"lang":"en"}}`; claims != want || record == "" {
				t.Errorf("claims %s and tgr %q, want %s and a record", claims, record, want)
			}
			if !strings.Contains(header, fmt.Sprintf(`"alg":%q`, algorithm)) {
				t.Errorf("header %s, want the original's algorithm %s (law E4)", header, algorithm)
			}
			if algorithm[:2] == "HS" {
				if original, _ := enrichtest.DecodeToken(t, token); header != original {
					t.Errorf("header %s, want it unchanged: %s", header, original)
				}
				return
			}
			for name, token := range map[string]string{"enriched": got.Raw, "original": token} {
				if _, err := enrichtest.VerifyToken(t, f.jwks(t), token); err != nil {
					t.Errorf("the %s token does not verify with the merged JWKS: %v", name, err)
				}
			}
		})
	}
}

func TestEnrich_ChangesOnlyTheClaim(t *testing.T) {
	f := newFixture(t, "EdDSA", nil)
	exp := time.Now().Add(time.Hour).Unix()
	tests := []struct{ name, claims, want string }{
		{"literals", `{"n":9007199254740993,"f":1.0,"h":"<&>","sub":"u1","exp":%d}`, `{"n":9007199254740993,"f":1.0,"h":"<&>","sub":"u1","exp":%d,"custom_data":{"lang":"en"}}`},
		{"order and white space", "{ \"z\" : 1 ,\n\"sub\":\"u1\",\"a\":[ ],\"exp\":%d\t}", "{ \"z\" : 1 ,\n\"sub\":\"u1\",\"a\":[ ],\"exp\":%d\t,\"custom_data\":{\"lang\":\"en\"}}"},
		{"claim in the original", `{"custom_data":{"role":"admin"},"sub":"u1","exp":%d}`, `{"custom_data":{"lang":"en"},"sub":"u1","exp":%d}`},
		{"a claim tgr of the backend's own", `{"tgr":"Ag","sub":"u1","exp":%d}`, `{"sub":"u1","exp":%d,"custom_data":{"lang":"en"}}`},
		{"a claim tgr of the backend's own, escaped", `{"sub":"u1","t\u0067r":{"a":[1]},"exp":%d}`, `{"sub":"u1","exp":%d,"custom_data":{"lang":"en"}}`},
		{"claim in the original, escaped", `{"custom\u005fdata":null,"sub":"u1","exp":%d}`, `{"custom\u005fdata":{"lang":"en"},"sub":"u1","exp":%d}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := f.issuer.Token(fmt.Sprintf(tt.claims, exp))
			got := f.enrichOne(t, token)
			_, claims := enrichtest.DecodeToken(t, got.Raw)
			if claims, record := enrichtest.CutRecord(claims); claims != fmt.Sprintf(tt.want, exp) || record == "" {
				t.Errorf("claims %s and tgr %q (reason %s), want %s and a record", claims, record, got.Reason, fmt.Sprintf(tt.want, exp))
			}
			if original, ok := f.Restore(got.Raw); !ok || original != token {
				t.Errorf("restored %v to %s, want %s", ok, original, token)
			}
		})
	}
}

func TestHeader_NamesOnlyOurKey(t *testing.T) {
	f := newFixture(t, "ES256", nil)
	token := f.issuer.TokenWithHeader(`{"jku":"https://x/","x5c":["a"],"typ":"at+jwt","alg":"ES256","x5t#S256":"b","kid":"key-ES256","cty":"x","jwk":{},"x5u":"u","x5t":"t"}`, claimsOf(""))
	got := f.enrichOne(t, token)
	header, _ := enrichtest.DecodeToken(t, got.Raw)
	kid, named := strings.CutPrefix(header, `{"typ":"at+jwt","alg":"ES256","kid":"`)
	kid, rest, _ := strings.Cut(kid, `"`)
	if !named || len(kid) != 43 || rest != `,"cty":"x"}` {
		t.Errorf("header %s (%s, %v), want our kid, no reference to another key, and nothing else that is new", header, got.Reason, got.Err)
	}
	if original, ok := f.Restore(got.Raw); !ok || original != token {
		t.Errorf("restored %v to %s, want %s", ok, original, token)
	}
}

func TestHeader_IsUnchangedWithTheBackendsKey(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "RS256")
	f := newFixture(t, "RS256", func(k *keys.Options, _ *enrich.Options) {
		k.JWKS, k.Dir, k.BackendKey = "", "", filepath.Join(t.TempDir(), "backend.key")
		if err := os.WriteFile(k.BackendKey, issuer.PrivatePEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	const header = `{"jku":"https://x/", "typ":"JWT", "alg":"RS256","kid":"key-RS256"}`
	token := issuer.TokenWithHeader(header, claimsOf(""))
	got := f.enrichOne(t, token)
	if kept, _ := enrichtest.DecodeToken(t, got.Raw); got.Reason != enrich.OK || kept != header {
		t.Errorf("header %s (%s, %v), want it unchanged: %s", kept, got.Reason, got.Err, header)
	}
	if _, err := enrichtest.VerifyToken(t, issuer.JWKS(), got.Raw); err != nil {
		t.Errorf("the enriched token does not verify with the backend's JWKS: %v", err)
	}
}

// Law C1: an id_token that gets no claim and has no at_hash affects no other token.
func TestGrant_UnboundIDTokenDoesNotBlockOthers(t *testing.T) {
	f := newFixture(t, "ES256", nil)
	signedBySecret := enrichtest.NewIssuer(t, "HS256")
	for more, want := range map[string]enrich.Reason{"": enrich.OK, `,"at_hash":"x"`: enrich.BadToken} {
		access, id := f.issuer.Token(claimsOf("")), signedBySecret.Token(claimsOf(more))
		got := f.Enrich(t.Context(), grant(access, id))
		if got[0].Reason != want || got[1].Reason != enrich.BadToken || got[1].Raw != id {
			t.Errorf("id_token with %q: reasons %q, %q; want %q, bad_token", more, got[0].Reason, got[1].Reason, want)
		}
	}
}

// Law C1 under the policy refuse. The second time, the id_token is undecided, because
// the keys were fetched just before.
func TestOutcome_UnboundIDTokenIsNotRefusable(t *testing.T) {
	tests := []struct {
		name, more string
		kinds      []enrich.Kind
		want       enrich.Reason // of the access token
	}{
		{"no claim, no at_hash", "", []enrich.Kind{enrich.Access}, enrich.OK},
		{"at_hash", `,"at_hash":"x"`, []enrich.Kind{enrich.Access}, enrich.Unavailable},
		{"gets the claim", "", []enrich.Kind{enrich.Access, enrich.ID}, enrich.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Kinds = tt.kinds })
			g := grant(f.issuer.Token(claimsOf("")), f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf(tt.more)))
			f.Enrich(t.Context(), g)
			got := f.Enrich(t.Context(), g)
			if got[0].Reason != tt.want || got[1].Reason != enrich.Unavailable {
				t.Fatalf("reasons %q, %q; want %q, unavailable", got[0].Reason, got[1].Reason, tt.want)
			}
			if refusable := got[1].Refusable(); refusable != (tt.want == enrich.Unavailable) {
				t.Errorf("Refusable of the id_token = %v, want %v", refusable, !refusable)
			}
		})
	}
}
