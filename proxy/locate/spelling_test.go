package locate_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A client can spell one request in many ways, and real parsers read some of them alike.
// The tests in this file check that a spelling is never classified more leniently than
// the plain request that a parser reads in it.

// A backend reads some fields of a request, and ignores all others.
type backend struct {
	name  string
	reads []string // fields of the body
	query []string // fields of the query
}

var credentials = []string{"username", "password", "code"}

var backends = []backend{
	{"an OAuth server", append([]string{"grant_type", "refresh_token"}, credentials...), nil},
	{"a login of its own", append([]string{"refresh_token"}, credentials...), nil},
	{"an OAuth server that reads grant_type in the query", append([]string{"refresh_token"}, credentials...), []string{"grant_type"}},
}

// A spelling is the body and query of a request.
type spelling struct{ line, query, body string }

func (s spelling) request() locate.Request { return asked("/token?"+s.query, s.line, s.body) }

// plain returns the plain spelling of the fields that a backend reads with a parser, and
// false if it refuses the request.
func (b backend) plain(p parser, s spelling) (spelling, bool) {
	fields, ok := p.parse(s.body)
	if !ok {
		return spelling{}, false
	}
	query, _ := formParsers[slices.IndexFunc(formParsers, func(f parser) bool { return f.name == p.name || f.name == "PHP" })].parse(s.query)
	return spelling{formType, encode(query, b.query), encode(fields, b.reads)}, true
}

// encode encodes the fields of these names. An empty refresh token or password is none.
func encode(fields map[string]string, names []string) string {
	values := url.Values{}
	for name, value := range fields {
		if slices.Contains(names, name) && (value != "" || name == "grant_type") {
			values.Set(name, value)
		}
	}
	return values.Encode()
}

// A strictness says what happens for a request.
type strictness struct{ freshRead, triggers, hooks bool }

func strictnessOf(c locate.Classification) strictness {
	return strictness{c.Cause != enrich.CauseLogin, c.Cause != enrich.CauseRefresh && !c.ClientCredentials, !c.ClientCredentials}
}

func (s strictness) laxerThan(other strictness) bool {
	return other.freshRead && !s.freshRead || other.triggers && !s.triggers || other.hooks && !s.hooks
}

type classifier func(locate.Request) locate.Classification

// laxer returns how a spelling is classified more leniently than what a parser reads in
// it, and "" if it is not.
func laxer(classify classifier, s spelling) string {
	got := classify(s.request())
	parsers := formParsers
	if s.line == jsonType {
		parsers = jsonParsers
	}
	for _, b := range backends {
		for _, p := range parsers {
			plain, ok := b.plain(p, s)
			if !ok || plain.readsNothing() {
				continue
			}
			if want := classify(plain.request()); strictnessOf(got).laxerThan(strictnessOf(want)) {
				return fmt.Sprintf("%s?%s %q is %s (%s, client credentials %t), but %s that reads it with %s gets ?%s %q, which is %s (%s)",
					s.line, s.query, s.body, got.Cause, got.Why, got.ClientCredentials, b.name, p.name, plain.query, plain.body, want.Cause, want.Why)
			}
		}
	}
	return ""
}

// readsNothing reports whether a backend finds neither a credential nor a refresh token in
// a request. If it issues tokens all the same, what it decides by is not in the body.
func (s spelling) readsNothing() bool { return s.body == "" && s.query != "grant_type=password" }

// The parts of random spellings. Most are of grant_type, and of refresh tokens.
var (
	names = []string{
		"grant_type", "grant_type", "grant_type", "grant%5Ftype", "grant_type[]", "grant_type[0]", "grant_type%5b%5d", "[grant_type]", "grant.type",
		"grant+type", "+grant_type", "Grant_Type", "GRANT_TYPE", "grantType", "grant_type%00", "grant_type%00x", "grant%255ftype", "grant%_type", "\ufeffgrant_type", "grant[type",
		"refresh_token", "refresh_token", "x_refresh", "refreshToken", "username", "password", "password", "code", "client_id", "x", "",
	}
	formTexts = []string{
		"password", "password", "refresh_token", "refresh_token", "client_credentials", "client_credentials", "authorization_code", "refresh%5Ftoken",
		"REFRESH_TOKEN", "refresh_token%00", "refresh_token+", "client_credentials%0d%0a", "", "null", "x", "x%zz", "a;b", "a%26grant_type%3Drefresh_token", "{", "%u0067",
	}
	separators   = []string{"&", "&", "&", "&", "&", "&&", ";", "&;", "\r\n&"}
	jsonNames    = []string{"grant_type", "grant_type", `grant\u005ftype`, "Grant_Type", "grantType", "grant_type[]", "refresh_token", "Refresh_Token", "x_refresh", "username", "password", "code", "x"}
	jsonTexts    = []string{`"password"`, `"refresh_token"`, `"client_credentials"`, `"refresh\u005ftoken"`, `"REFRESH_TOKEN"`, `"x"`, `""`, `null`, `1`, `true`, `["refresh_token"]`, `{"grant_type":"password"}`, `"&grant_type=password&"`}
	afterJSON    = []string{"", "", "", "", " ", "x", "{}"}
	beforeJSON   = []string{"", "", "", "", " ", "\ufeff"}
	oneIn, upTo4 = func(r *rand.Rand, of []string) string { return of[r.IntN(len(of))] }, func(r *rand.Rand) int { return r.IntN(5) }
)

// randomSpelling returns a form or a JSON object of up to four fields, and a query.
func randomSpelling(r *rand.Rand) spelling {
	s := spelling{line: formType}
	if r.IntN(4) == 0 {
		s.query = randomForm(r, 1+r.IntN(2))
	}
	if r.IntN(3) == 0 {
		s.line = jsonType
		var members []string
		for range upTo4(r) {
			members = append(members, `"`+oneIn(r, jsonNames)+`":`+oneIn(r, jsonTexts))
		}
		s.body = oneIn(r, beforeJSON) + "{" + strings.Join(members, ",") + "}" + oneIn(r, afterJSON)
		return s
	}
	s.body = randomForm(r, upTo4(r))
	return s
}

func randomForm(r *rand.Rand, fields int) string {
	var b strings.Builder
	for range fields {
		b.WriteString(oneIn(r, names) + "=" + oneIn(r, formTexts) + oneIn(r, separators))
	}
	return strings.TrimRight(b.String(), "&")
}

// F1: in no spelling is a request classified more leniently than the plain one that Go,
// PHP, Express or Rack reads in it.
func TestClassify_NoSpellingIsMoreLenient(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30_000 {
		if fault := laxer(locate.Request.Classify, randomSpelling(r)); fault != "" {
			t.Fatal(fault)
		}
	}
}

func FuzzClassify_NoSpellingIsMoreLenient(f *testing.F) {
	for _, seed := range []spelling{
		{formType, "", "grant_type=client_credentials&grant_type=password&username=u&password=p"},
		{formType, "grant_type=client_credentials", "username=u&password=p"},
		{formType, "grant_type=refresh_token", "grant_type[]=password;grant.type=x"},
		{formType, "", "username=u&password=p&x_refresh=1"},
		{jsonType, "", `{"grant_type":"password","Grant_Type":"refresh_token","refresh_token":"r"}`},
	} {
		f.Add(seed.line == jsonType, seed.query, seed.body)
	}
	f.Fuzz(func(t *testing.T, isJSON bool, query, body string) {
		s := spelling{formType, query, body}
		if isJSON {
			s.line = jsonType
		}
		if fault := laxer(locate.Request.Classify, s); fault != "" {
			t.Error(fault)
		}
	})
}

// The property finds mistakes that are easy to make. Each of these classifiers has one.
func TestClassify_PropertyReportsPlantedMistakes(t *testing.T) {
	field := func(r locate.Request, wins func([]string) string) string {
		values, _ := url.ParseQuery(string(r.Body))
		if len(values["grant_type"]) == 0 {
			return ""
		}
		return wins(values["grant_type"])
	}
	first := func(values []string) string { return values[0] }
	last := func(values []string) string { return values[len(values)-1] }
	by := func(grant string) locate.Classification {
		c := locate.Classification{ClientCredentials: grant == "client_credentials"}
		if grant == "refresh_token" {
			c.Cause = enrich.CauseRefresh
		}
		return c
	}
	for name, mistaken := range map[string]classifier{
		"the first grant_type wins": func(r locate.Request) locate.Classification { return by(field(r, first)) },
		"the last grant_type wins":  func(r locate.Request) locate.Classification { return by(field(r, last)) },
		"the query counts like the body": func(r locate.Request) locate.Classification {
			c := r.Classify()
			if !strings.Contains(string(r.Body), "grant") && strings.Contains(r.Query, "grant_type=client_credentials") {
				c.ClientCredentials = true
			}
			return c
		},
		"any field with refresh is enough": func(r locate.Request) locate.Classification {
			c := r.Classify()
			if strings.Contains(string(r.Body), "x_refresh=") && !strings.Contains(string(r.Body), "grant") {
				c.Cause = enrich.CauseRefresh
			}
			return c
		},
		"an unclear body is a login": func(r locate.Request) locate.Classification {
			c := r.Classify()
			if c.Why == locate.WhyUnclear {
				c.Cause = enrich.CauseLogin
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 100_000 {
				if fault := laxer(mistaken, randomSpelling(r)); fault != "" {
					t.Log(fault)
					return
				}
			}
			t.Error("the property reports nothing, want the mistake")
		})
	}
}
