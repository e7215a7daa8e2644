package attack_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	critical     = kind{"crit", "B1"}
	compressed   = kind{"compressed payload", "B4"}
	duplicates   = kind{"duplicate members", "A3"}
	deepJSON     = kind{"deep JSON", "B4"}
	hugeJSON     = kind{"huge JSON", "B4"}
	numbers      = kind{"numbers", "B1"}
	times        = kind{"time", "B1"}
	invalidText  = kind{"invalid text", "B4"}
	notClaims    = kind{"claims that are none", "B4"}
	base64Tricks = kind{"base64 variants", "B5"}
	shapes       = kind{"shape", "B4"}
	otherShapes  = kind{"shape", "A4"}
	otherTenant  = kind{"another tenant", "A4"}
)

// signedRows are tokens that the backend's own key has signed, but that no parser
// may accept.
func (i issuers) signedRows() []tokenRow {
	const ok = `{"alg":"RS256","kid":"key-RS256"}`
	claims := func(members string) string { return i.rsa.TokenWithHeader(ok, claimsOf(quoted(anna), members)) }
	header := func(members string) string {
		return i.rsa.TokenWithHeader(strings.TrimSuffix(ok, "}")+members+"}", claimsOf(quoted(anna), ""))
	}
	payload := func(text string) string { return i.rsa.TokenWithHeader(ok, text) }
	good := claimsOf(quoted(anna), "")
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	rows := []tokenRow{
		{critical, `signed header with "crit":["exp"],"exp":1`, header(`,"crit":["exp"],"exp":1`), badToken},
		{critical, `signed header with "crit":["b64"],"b64":false`, header(`,"crit":["b64"],"b64":false`), badToken},
		{critical, `signed header with "crit":[]`, header(`,"crit":[]`), badToken},
		{critical, `signed header with "crit":null`, header(`,"crit":null`), badToken},
		{compressed, "zip: DEF", i.rsa.TokenWithHeader(`{"alg":"RS256","kid":"key-RS256","zip":"DEF"}`, deflated(good)), badToken},
		{duplicates, `signed header with a second "alg":"none"`, header(`,"alg":"none"`), badToken},
		{duplicates, `signed header with a second "\u0061lg":"none"`, header(`,"\u0061lg":"none"`), badToken},
		{duplicates, `signed header with a second "kid":"other"`, header(`,"kid":"other"`), badToken},
		{duplicates, `signed header with a second "x":{"a":{"b":1,"\u0062":2}}`, header(`,"x":{"a":{"b":1,"\u0062":2}}`), badToken},
		{duplicates, `signed claims with a second "sub":"mallory"`, claims(`,"sub":"hush-mallory"`), badToken},
		{duplicates, `signed claims with a second "\u0073ub":"mallory"`, claims(`,"\u0073ub":"hush-mallory"`), badToken},
		{duplicates, `signed claims with a second "custom_data":1,"custom\u005fdata":2`, claims(`,"custom_data":1,"custom\u005fdata":2`), badToken},
		{duplicates, `signed claims with a second "x":[{"y":{"z":1,"z":2}}]`, claims(`,"x":[{"y":{"z":1,"z":2}}]`), badToken},
		{duplicates, `signed claims with a second "x":{"\ud83d\ude00":1,"😀":2}`, claims(`,"x":{"\ud83d\ude00":1,"😀":2}`), badToken},
		{deepJSON, "20,000 arrays in each other", claims(`,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), badToken},
		{deepJSON, "100,000 arrays in each other", claims(`,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "too_large"},
		{hugeJSON, "a claim of 600 KB", claims(`,"x":"` + strings.Repeat("x", 600<<10) + `"`), "too_large"},
		{times, "an expired token", payload(fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%q,"exp":%d}`, anna, past)), badToken},
		{times, "a token of the future", claims(fmt.Sprintf(`,"nbf":%d`, future)), badToken},
		{notClaims, "a byte order mark", payload("\ufeff" + good), badToken},
		{notClaims, "something behind the claims", payload(good + `{}`), badToken},
		{notClaims, "a comment", claims("/**/"), badToken},
		{notClaims, "an array", payload("[" + good + "]"), badToken},
		{notClaims, "a token in the token", payload(i.rsa.Token(good)), badToken},
		{notClaims, "nothing", payload(""), badToken},
		{notClaims, "half of the claims", payload(good[:40]), badToken},
	}
	for _, exp := range []string{"1e400", "-1", "1e-400", strings.Repeat("9", 10_000), "0x7fffffff", "NaN", "01", `"9999999999"`, "null", "[9999999999]", "true"} {
		rows = append(rows, tokenRow{numbers, "exp " + short(exp), payload(fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%q,"exp":%s}`, anna, exp)), badToken})
	}
	for _, invalid := range []struct{ sends, text string }{
		{"invalid UTF-8", "\xff\xfe"}, {"overlong UTF-8", "\xc0\xaf"}, {"a lone surrogate", `\ud800`}, {"a raw NUL", "\x00"},
	} {
		member := `,"x":"` + invalid.text + `"`
		rows = append(rows,
			tokenRow{invalidText, invalid.sends + " in a claim", claims(member), badToken},
			tokenRow{invalidText, invalid.sends + " in the header", header(member), badToken})
	}
	return rows
}

// encodingRows are the backend's good token in spellings that only one of two
// parsers accepts, and other serializations.
func (i issuers) encodingRows() []tokenRow {
	good := i.rsa.Token(claimsOf(quoted(anna), `,"odd":"?>~"`))
	parts := strings.Split(good, ".")
	rows := []tokenRow{
		{base64Tricks, "other unused last bits of the signature", good[:len(good)-1] + string(nextLetter(good[len(good)-1])), badToken},
		{shapes, "a million dots", strings.Repeat(".", 1_000_000), "too_large|opaque|" + notLookedAt},
		{shapes, "a header and 60,000 dots", parts[0] + strings.Repeat(".", 60_000), "opaque"},
		{shapes, "a fourth part", good + ".x", "opaque"},
		{otherShapes, "a JWE", parts[0] + "." + parts[1] + ".x." + parts[2] + ".x", "opaque"},
		{otherShapes, "an empty token", "", "opaque|" + notLookedAt},
		{otherShapes, "only dots", "..", "opaque|" + notLookedAt},
	}
	for n, name := range []string{"header", "payload", "signature"} {
		with := func(part string) string {
			changed := slices.Clone(parts)
			changed[n] = part
			return strings.Join(changed, ".")
		}
		part := parts[n]
		rows = append(rows,
			tokenRow{base64Tricks, "padding behind the " + name, with(part + "=="), badToken},
			tokenRow{base64Tricks, "a line break in the " + name, with(part[:12] + `\n` + part[12:]), "bad_token|opaque"},
			tokenRow{base64Tricks, "+ and / in the " + name, with(strings.Repeat("+/", 4) + part[8:]), "bad_token|opaque"},
			tokenRow{base64Tricks, "a space behind the " + name, with(part + " "), "bad_token|opaque"})
	}
	return rows
}

// foreignRows are true tokens of somebody else, or for somebody else.
func (i issuers) foreignRows() []tokenRow {
	claims := claimsOf(quoted(anna), "")
	rows := []tokenRow{
		{otherTenant, "equal sub and iss, another tenant's key", i.mallory.Token(claims), unverified},
		{otherTenant, "equal sub, iss and kid, another tenant's key", i.mallory.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"}`, claims), unverified},
	}
	for _, iss := range []string{`"https://other.example.com"`, `"https://idp.example.com/"`, `"HTTPS://IDP.EXAMPLE.COM"`, `["https://idp.example.com"]`, `null`, `""`} {
		rows = append(rows, tokenRow{otherTenant, "equal sub, iss " + iss, i.rsa.Token(strings.Replace(claims, `"https://idp.example.com"`, iss, 1)), "not_ours"})
	}
	for _, aud := range []string{`"other"`, `["other"]`, `"app2"`, `"APP"`, `[]`, `null`, `{"app":1}`, `["app",5]`} {
		rows = append(rows, tokenRow{otherTenant, "equal sub, aud " + aud, i.rsa.Token(strings.Replace(claims, `"aud":"app"`, `"aud":`+aud, 1)), "not_ours"})
	}
	return rows
}
