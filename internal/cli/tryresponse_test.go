package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/cli"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// tryConfig is a configuration with one rule. The document of u1 is {"sub":"u1","plan":"pro"}.
const tryConfig = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - match: POST /login
    tokens: [json:access_token, json:id_token, cookie:session]
verify: {secret: %q, issuer: me}
claim: {exclude: [_id]%s}
documents: {file: users.json, user_id_field: sub}
`

func tryFiles(t *testing.T, claim string) string {
	return writeConfig(t, fmt.Sprintf(tryConfig, enrichtest.Secret, claim), map[string]string{"users.json": `[{"_id":1,"sub":"u1","plan":"pro"},{"_id":2,"sub":"u2","email":"anna@example.com","long":"` + strings.Repeat("x", 4000) + `"}]`})
}

// runWith is run with a standard input.
func runWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestTry_ShowsWhatServeDoesWithAResponse(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	u1, u2, nobody := issuer.Token(`{"iss":"me","sub":"u1"}`), issuer.Token(`{"iss":"me","sub":"u2"}`), issuer.Token(`{"iss":"me","sub":"u3","email":"u1","uid":"u2"}`)
	other := issuer.Token(`{"iss":"you","sub":"u1"}`)
	stranger := enrichtest.NewIssuer(t, "HS256")
	stranger.Private = []byte("another secret, of 32 bytes or more")
	for _, tt := range []struct {
		name, claim, stdin string
		code               int
		want               []string
		not                string
	}{
		{"a JSON body", "", `{"access_token":"` + u1 + `"}`, exitOK, []string{
			"rule:   POST /login", "found:  json:access_token: an access token", "absent: json:id_token", "absent: cookie:session",
			"key:    HS256, by verify.secret; iss me; aud missing (any is allowed)",
			"lookup: claim sub (string), field sub (user_id_type: auto) of the file users.json: found, with the type string",
			"size:   document: 25 of 16384 bytes, 1 % (claim.max_size)", "size:   json:access_token: ", "(claim.max_token_size)", `custom_data: {"sub":"u1","plan":"pro"}`, "reason: ok"}, "other:"},
		{"curl -i with a redirect", "", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nFoundHTTP/2 200 \r\ncontent-type: text/html\r\nset-cookie: session=" + u1 + "; Path=/\r\n\r\n)]}'\n{\"a\":1}", exitOK, []string{
			"status: 200, number 2 of 2", "found:  cookie:session", "size:   cookie:session: ", "of 4096 bytes", "(claim.max_header_size)", "reason: ok"}, "other:"},
		{"two tokens", ", kinds: [access, id]", `{"access_token":"` + u1 + `","id_token":"` + issuer.Token(`{"iss":"me","sub":"u1","at_hash":"x"}`) + `"}`, exitOK, []string{
			"token 1 of 2 (access): json:access_token", "token 2 of 2 (id): json:id_token"}, "no_document"},
		{"two tokens, all or none", "", `{"access_token":"` + u1 + `","id_token":"` + issuer.Token(`{"iss":"me","sub":"u1","at_hash":"x","exp":1}`) + `"}`, 3, []string{"reason: bad_token"}, "after:"},
		{"at another place", "", `{"result":{"jwt":"` + u1 + `"},"refresh_token":"` + u1 + `x"}`, 3, []string{
			"other:  json:result.jwt: a token that the rule does not name", "reason: not_found", "tokens: [json:result.jwt]"}, "before:"},
		{"no token", "", `{"ok":true}`, 3, []string{"reason: not_found", "There is no token in this response"}, ""},
		{"401", "", "HTTP/1.1 401 Unauthorized\n\n{\"access_token\":\"" + u1 + "\"}", 3, []string{"serve forwards this response as it is, because its status is 401"}, "before:"},
		{"another issuer", "", `{"access_token":"` + other + `"}`, 3, []string{"iss you (verify.issuer allows me)", "reason: not_ours"}, "lookup:"},
		{"no document", "", `{"access_token":"` + nobody + `"}`, 3, []string{
			"lookup: claim sub (string), field sub (user_id_type: auto) of the file users.json: no document", "reason: no_document", "user_id_claim: email"}, "after:"},
		{"no claim", "", `{"access_token":"` + issuer.Token(`{"iss":"me","account":"u1"}`) + `"}`, 3, []string{"reason: no_document", "hint:   Set documents.user_id_claim to the claim that has the user's id", "user_id_claim: account"}, "There is no document whose field"},
		{"another secret", "", `{"access_token":"` + stranger.Token(`{"iss":"me","sub":"u1"}`) + `"}`, 3, []string{"reason: bad_token", "hint:   If the token is the backend's, set verify.secret to the secret in the settings of the backend"}, "docs/failures.md"},
		{"expired", "", `{"access_token":"` + issuer.Token(`{"iss":"me","sub":"u1","exp":1}`) + `"}`, 3, []string{"reason: bad_token", "hint:   Try a token that the backend has just issued"}, "docs/failures.md"},
		{"a document that is too large", ", max_size: 1KiB", `{"access_token":"` + u2 + `"}`, 3, []string{"hint:   Name fewer fields in claim.include", "reason: too_large", "size:   document: 40", "of 1024 bytes"}, "after:"},
		{"a cookie that is too large", ", max_header_size: 64KiB", "HTTP/1.1 200 OK\nSet-Cookie: session=" + u2 + "\n\n", 3, []string{"reason: too_large", "of 4108 bytes", "(limit of browsers)"}, "after:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := runWith(t, tt.stdin, "try", "-c", tryFiles(t, tt.claim))
			if code != tt.code || tt.not != "" && strings.Contains(stdout, tt.not) {
				t.Errorf("try: exit code %d and\n%s%s\nwant %d, without %q", code, stdout, stderr, tt.code, tt.not)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("try prints\n%s%s\nwant %q", stdout, stderr, want)
				}
			}
		})
	}
}

func compressed(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// withToken replaces the verbs of a format by a token.
func withToken(format, token string) string {
	return strings.NewReplacer("%s", token, "%[1]s", token).Replace(format)
}

func TestTry_FindsTheRule(t *testing.T) {
	token := enrichtest.NewIssuer(t, "HS256").Token(`{"iss":"me","sub":"u1"}`)
	rules := func(text string) string {
		all := fmt.Sprintf(tryConfig, enrichtest.Secret, "")
		before, rest, _ := strings.Cut(all, "  - match")
		_, after, _ := strings.Cut(rest, "session]\n")
		return writeConfig(t, before+text+after, map[string]string{"users.json": `[{"sub":"u1"}]`})
	}
	two := rules("  - {match: POST /login, tokens: [json:a]}\n  - {match: 'GET /cb/{x}', tokens: [json:b]}\n  - {match: POST /logout, restore: [json:a]}\n")
	same := rules("  - {match: POST /login, tokens: [json:a]}\n  - {match: POST /renew, tokens: [json:a]}\n")
	gate := rules("  - {match: POST /login, tokens: [json:a]}\n  - {match: POST /renew, tokens: [json:a], gate: true}\n")
	policy := rules("  - {match: POST /login, tokens: [json:a]}\n  - {match: POST /renew, tokens: [json:a], on_failure: refuse}\n")
	more := rules("  - {match: POST /login, tokens: [json:a]}\n  - {match: POST /renew, tokens: [json:b, json:a]}\n")
	gzipped := "HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n" + compressed(t, `{"a":"`+token+`"}`)
	for _, tt := range []struct {
		config, stdin, rule string
		code                int
		want                string
	}{
		{two, `{"a":"%s"}`, "", exitOK, "rule:   POST /login"},
		{two, `{"b":"%s"}`, "", exitOK, "rule:   GET /cb/{x}"},
		{two, `{"b":"%s"}`, "POST /login", 3, "rule:   POST /login"},
		{two, `{"b":"%s"}`, "GET /cb/7", exitOK, "rule:   GET /cb/{x}"},
		{two, `{"c":"%s"}`, "", exitUsage, "there is no token at the locations of any rule, but there is one at json:c. Name the rule"},
		{two, `{"a":"%s"}`, "POST /nosuch", exitUsage, "no rule has the pattern \"POST /nosuch\".\n  --rule 'POST /login'  json:a\n  --rule 'GET /cb/{x}'  json:b"},
		{two, `{"a":"%s"}`, "POST /logout", exitUsage, "is for requests only"},
		{same, `{"a":"%s"}`, "", exitOK, "this is the first rule that fits. The result is the same with --rule 'POST /renew'."},
		{gate, `{"a":"%s"}`, "", exitUsage, "the locations of 2 rules fit. Name the rule that matches the request with --rule.\n  --rule 'POST /login'  json:a\n  --rule 'POST /renew'  json:a"},
		{policy, `{"a":"%s"}`, "", exitUsage, "the locations of 2 rules fit."},
		{more, `{"a":"%s"}`, "", exitOK, "rule:   POST /login"},
		{more, `{"a":"%[1]s","b":"%[1]sA"}`, "", exitUsage, "the locations of 2 rules fit."},
		{same, gzipped, "", exitOK, "rule:   POST /login"},
		{same, `{"a":"%s"}`, "POST /renew", exitOK, "rule:   POST /renew"},
		{same, `%s`, "", exitOK, "reason: ok"},
		{same, `%s`, "POST /nosuch", exitUsage, "no rule has the pattern"},
	} {
		args := []string{"try", "-c", tt.config}
		if tt.rule != "" {
			args = append(args, "--rule", tt.rule)
		}
		code, stdout, stderr := runWith(t, withToken(tt.stdin, token), args...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) || strings.Contains(stderr, token) {
			t.Errorf("try --rule %q with %s: exit code %d and\n%s%s\nwant %d and %q, without the token in an error", tt.rule, tt.stdin, code, stdout, stderr, tt.code, tt.want)
		}
	}
}

func TestTry_SaysThatATokenIsEnrichedAlready(t *testing.T) {
	token, path := enrichtest.NewIssuer(t, "HS256").Token(`{"iss":"me","sub":"u1"}`), tryFiles(t, "")
	const want = "hint:   This token is enriched already: it has the claim tgr."
	_, stdout, _ := runWith(t, token, "try", "-c", path)
	_, after, _ := strings.Cut(stdout, "after: ")
	_, after, _ = strings.Cut(after, "\n\n")
	enriched, _, _ := strings.Cut(after, "\n")
	if _, again, _ := runWith(t, enriched, "try", "-c", path); strings.Contains(stdout, want) || !strings.Contains(again, want) {
		t.Errorf("try prints\n%s\nand then, for the enriched token,\n%s\nwant %q for that one only", stdout, again, want)
	}
}

func TestTry_DoesNotSayThatThereIsNoDocumentIfItCannotAsk(t *testing.T) {
	path := writeConfig(t, fmt.Sprintf(`{listen: "127.0.0.1:0", backend: "http://127.0.0.1:1", rules: [{match: POST /login, tokens: [body]}], verify: {secret: %q},
documents: {mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", database: app, collection: users}, user_id_field: sub}}`, enrichtest.Secret), nil)
	code, stdout, stderr := runWith(t, enrichtest.NewIssuer(t, "HS256").Token(`{"sub":"u1"}`), "try", "-c", path)
	if want := "of the collection app.users: not known, because the documents could not be read"; code != 3 || !strings.Contains(stdout, want) || !strings.Contains(stdout, "reason: unavailable") {
		t.Errorf("try without a database: exit code %d and\n%s%s\nwant %d and %q", code, stdout, stderr, 3, want)
	}
}

func TestTry_PrintsJSON(t *testing.T) {
	token := enrichtest.NewIssuer(t, "HS256").Token(`{"iss":"me","sub":"u1"}`)
	code, stdout, stderr := runWith(t, `{"access_token":"`+token+`","x":"`+token+`x"}`, "try", "-o", "json", "-c", tryFiles(t, ""))
	var trial sidecar.Trial
	if err := json.Unmarshal([]byte(stdout), &trial); err != nil || code != exitOK {
		t.Fatalf("try -o json: exit code %d, %v, and\n%s%s", code, err, stdout, stderr)
	}
	got := fmt.Sprintln(trial.Enriched, trial.Rule, trial.Tokens[0].Reason, trial.Tokens[0].Verified.Key, trial.Tokens[0].Lookup.MatchedType, trial.Elsewhere, trial.Tokens[0].After.Token != "", trial.Tokens[0].Before.Token)
	if want := "true POST /login ok verify.secret string [json:x] true \n"; got != want {
		t.Errorf("try -o json: %s, want %s\n%s", got, want, stdout)
	}
}

func TestTry_RefusesWhatItCannotRead(t *testing.T) {
	path := tryFiles(t, "")
	for _, tt := range []struct{ stdin, want string }{
		{"* Connected\n> POST /login HTTP/1.1\n", "curl -v"},
		{"HTTP/1.1 200 OK\nsecret words\n\n", "line 2 is not a line of a header"},
	} {
		code, stdout, stderr := runWith(t, tt.stdin, "try", "-c", path)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "secret words") {
			t.Errorf("try with %q: exit code %d, stdout %q, stderr %q; want %d and %q, without the input", tt.stdin, code, stdout, stderr, exitUsage, tt.want)
		}
	}
}
