package attack_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	critical     = kind{"critical header parameter", "B1"}
	compressed   = kind{"compressed payload", "B4"}
	duplicates   = kind{"duplicate members", "A3"}
	deepJSON     = kind{"deep JSON", "B4"}
	hugeJSON     = kind{"huge JSON", "B4"}
	numbers      = kind{"invalid exp", "B1"}
	times        = kind{"expired or early token", "B1"}
	invalidText  = kind{"invalid text", "B4"}
	notClaims    = kind{"payload that is not claims", "B4"}
	base64Tricks = kind{"base64url variants", "B5"}
	shapes       = kind{"malformed token", "B4"}
	otherShapes  = kind{"malformed token", "A4"}
	wrongType    = kind{"token of another type", "B1"}
	otherTenant  = kind{"token of another tenant", "A4"}
)

// signedRows are tokens that the backend's key signed, but that a strict parser must
// refuse.
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
		{critical, `a signed header with "crit":["exp"],"exp":1`, header(`,"crit":["exp"],"exp":1`), badToken},
		{critical, `a signed header with "crit":["b64"],"b64":false`, header(`,"crit":["b64"],"b64":false`), badToken},
		{critical, `a signed header with "crit":[]`, header(`,"crit":[]`), badToken},
		{critical, `a signed header with "crit":null`, header(`,"crit":null`), badToken},
		{compressed, "zip: DEF", i.rsa.TokenWithHeader(`{"alg":"RS256","kid":"key-RS256","zip":"DEF"}`, deflated(good)), badToken},
		{duplicates, `a signed header with a second "alg":"none"`, header(`,"alg":"none"`), badToken},
		{duplicates, `a signed header with a second "\u0061lg":"none"`, header(`,"\u0061lg":"none"`), badToken},
		{duplicates, `a signed header with a second "kid":"other"`, header(`,"kid":"other"`), badToken},
		{duplicates, `a signed header with "x":{"a":{"b":1,"\u0062":2}}`, header(`,"x":{"a":{"b":1,"\u0062":2}}`), badToken},
		{duplicates, `signed claims with a second "sub":"mallory"`, claims(`,"sub":"hush-mallory"`), badToken},
		{duplicates, `signed claims with a second "\u0073ub":"mallory"`, claims(`,"\u0073ub":"hush-mallory"`), badToken},
		{duplicates, `signed claims with "custom_data":1,"custom\u005fdata":2`, claims(`,"custom_data":1,"custom\u005fdata":2`), badToken},
		{duplicates, `signed claims with "x":[{"y":{"z":1,"z":2}}]`, claims(`,"x":[{"y":{"z":1,"z":2}}]`), badToken},
		{duplicates, `signed claims with "x":{"\ud83d\ude00":1,"😀":2}`, claims(`,"x":{"\ud83d\ude00":1,"😀":2}`), badToken},
		{deepJSON, "a claim of 20,000 nested arrays", claims(`,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), badToken},
		{deepJSON, "a claim of 100,000 nested arrays", claims(`,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "too_large"},
		{hugeJSON, "a claim of 600 KB", claims(`,"x":"` + strings.Repeat("x", 600<<10) + `"`), "too_large"},
		{times, "an expired token", payload(fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%q,"exp":%d}`, anna, past)), badToken},
		{times, "a token that is not valid yet", claims(fmt.Sprintf(`,"nbf":%d`, future)), badToken},
		{notClaims, "a byte order mark before the claims", payload("\ufeff" + good), badToken},
		{notClaims, "a second object after the claims", payload(good + `{}`), badToken},
		{notClaims, "a comment in the claims", claims("/**/"), badToken},
		{notClaims, "an array around the claims", payload("[" + good + "]"), badToken},
		{notClaims, "another token as the payload", payload(i.rsa.Token(good)), badToken},
		{notClaims, "an empty payload", payload(""), badToken},
		{notClaims, "claims that are cut off", payload(good[:40]), badToken},
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

// encodingRows are a valid token in spellings that only lenient parsers accept, and in
// other serializations.
func (i issuers) encodingRows() []tokenRow {
	good := i.rsa.Token(claimsOf(quoted(anna), `,"odd":"?>~"`))
	parts := strings.Split(good, ".")
	rows := []tokenRow{
		{base64Tricks, "a signature with other unused bits at its end", good[:len(good)-1] + string(nextLetter(good[len(good)-1])), badToken},
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
			tokenRow{base64Tricks, "padding after the " + name, with(part + "=="), badToken},
			tokenRow{base64Tricks, "a line break in the " + name, with(part[:12] + `\n` + part[12:]), "bad_token|opaque"},
			tokenRow{base64Tricks, "+ and / in the " + name, with(strings.Repeat("+/", 4) + part[8:]), "bad_token|opaque"},
			tokenRow{base64Tricks, "a space after the " + name, with(part + " "), "bad_token|opaque"})
	}
	return rows
}

// typeRows are valid tokens of a kind that verify.types does not list.
func (i issuers) typeRows() []tokenRow {
	var rows []tokenRow
	for _, typ := range []string{`,"typ":"logout+jwt"`, `,"typ":"dpop+jwt"`, `,"typ":"JWT"`, `,"typ":"at+jwt "`, `,"typ":"text/at+jwt"`, `,"typ":["at+jwt"]`, `,"typ":null`, ""} {
		token := i.rsa.TokenWithHeader(`{"alg":"RS256","kid":"key-RS256"`+typ+`}`, claimsOf(quoted(anna), ""))
		rows = append(rows, tokenRow{wrongType, "a token " + either(typ == "", "without typ", "with "+strings.TrimPrefix(typ, ",")), token, badToken})
	}
	return rows
}

// foreignRows are valid tokens of another issuer, or for another audience.
func (i issuers) foreignRows() []tokenRow {
	claims := claimsOf(quoted(anna), "")
	rows := []tokenRow{
		{otherTenant, "the same sub and iss, another tenant's key", i.mallory.Token(claims), unverified},
		{otherTenant, "the same sub, iss and kid, another tenant's key", i.mallory.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"}`, claims), unverified},
	}
	for _, iss := range []string{`"https://other.example.com"`, `"https://idp.example.com/"`, `"HTTPS://IDP.EXAMPLE.COM"`, `["https://idp.example.com"]`, `null`, `""`} {
		rows = append(rows, tokenRow{otherTenant, "the same sub, iss " + iss, i.rsa.Token(strings.Replace(claims, `"https://idp.example.com"`, iss, 1)), "not_ours"})
	}
	for _, aud := range []string{`"other"`, `["other"]`, `"app2"`, `"APP"`, `[]`, `null`, `{"app":1}`, `["app",5]`} {
		rows = append(rows, tokenRow{otherTenant, "the same sub, aud " + aud, i.rsa.Token(strings.Replace(claims, `"aud":"app"`, `"aud":`+aud, 1)), "not_ours"})
	}
	return rows
}
