package attack_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

var update = flag.Bool("update", false, "write the table of attacks into docs/security.md")

// A pageRow is a row of the table in docs/security.md: kinds of attacks by their
// names, what the attacker tries, and what happens. Package exhaustion makes the attacks of
// rows without kinds.
type pageRow struct {
	kinds          []string
	tries, happens string
}

var pageRows = []pageRow{
	{[]string{confusion.name, forgery.name, critical.name},
		"`alg: none`, HS256 with the public key as secret, an algorithm that does not fit the key's type, a forged or cut signature, an unknown `crit`",
		"the original passes: `bad_token`, or `unavailable` while the JWKS may not be fetched again"},
	{[]string{embeddedKey.name, kidTricks.name, "kid flood"},
		"a key or its address in the token (`jwk`, `jku`, `x5u`, `x5c`); a `kid` that is a path, SQL or a URL; a flood of unknown `kid`s",
		"the original passes. The sidecar never fetches an address that a token names. It compares a `kid`, and uses it for nothing else. For unknown `kid`s it fetches the JWKS at most once in 30 s"},
	{[]string{duplicates.name, deepJSON.name, hugeJSON.name, numbers.name, times.name, invalidText.name, notClaims.name, base64Tricks.name, shapes.name, compressed.name},
		"duplicate members, deep, huge or invalid JSON, other spellings of base64url, invalid times and numbers, a compressed payload, a wrong number of parts",
		"the original passes: `bad_token`, `opaque` or `too_large`"},
	{[]string{otherTenant.name},
		"a token of another issuer or audience",
		"the original passes: `not_ours`"},
	{[]string{wrongType.name},
		"with `verify.types: [at+jwt]`: a valid token of another type, such as a logout token or a DPoP proof, or without `typ`",
		"the original passes: `bad_token`"},
	{[]string{hostileJWKS.name, ownKeys.name, published.name},
		"a JWKS that redirects elsewhere, is huge, or has unusable keys (symmetric, for encryption, off the curve); a token that is signed with a key of the sidecar",
		"redirects to another host are not followed, at most 1 MiB is read, and such keys verify nothing. The merged JWKS has no private member"},
	{[]string{sameKid.name},
		"a backend's JWKS that has another key under the `kid` of the sidecar's key, or two keys under one `kid`",
		"the merged JWKS has the sidecar's key, and the first of two. The log has a warning. Tokens with the sidecar's `kid` are `not_ours`"},
	{[]string{plantedKey.name},
		"another user of the machine puts a key into a key directory with wrong permissions",
		"it does not sign and is not published. The log has an error, and `/readyz` is `degraded`; a start is refused"},
	{[]string{ssrf.name},
		"a discovery document that names internal addresses",
		"only the paths are used, at `backend`"},
	{[]string{restoring.name, restoreFlood.name},
		"an enriched token that was changed, whose claim was removed, that was mixed with parts of another token, or that another ring signed; cookies or a form full of forged tokens, or of one genuine token",
		"it is forwarded unchanged. The original cannot be recovered from it. At most 8 different tokens of a request are tried, and the signature is checked only if our key sealed the token, so a request costs milliseconds of CPU at most"},
	{[]string{"user ids in file", "user ids in MongoDB"},
		"a user id with operators (`$ne`), an object, an array, NUL, wildcards, look-alikes",
		"finds the document of exactly that user, or none"},
	{[]string{otherIssuer.name},
		"with `documents.user_id_issuer`: the user id of a user of another issuer",
		"finds no document, also if that document is in the cache"},
	{[]string{hiddenHooks.name, hiddenTriggers.name},
		"a login that looks like a refresh, like a client's or like one with a DPoP proof: a header that the backend does not get, a query, doubled fields, other spellings of `grant_type`, an extra field or cookie, a broken token in the client's own redirect address",
		"user creation and triggers run as for any login. A rejected user gets no token"},
	{[]string{staleRefresh.name},
		"a refresh that looks like a login: a content coding, a body over `limits.body`, doubled fields, a query, no content type or two",
		"the document is read again after the backend answered"},
	{[]string{hostileDocument.name, responseSplitting.name, forgedClaim.name},
		"a document with the names of other claims (`sub`, `roles`), with text that would end the claim, or with line breaks; a token that already has the claim",
		"the document stays within its claim, and all other claims stay as the backend signed them; a claim of the same name is replaced"},
	{[]string{privilegedName.name},
		"a document under a name by which APIs decide access (`role`, `app_metadata`, `https://example.com/roles`), because the operator chose it",
		"the configuration is refused, unless it has `claim.allow_privileged_name: true`; `check` and `serve` warn then"},
	{[]string{largeDocument.name, bombs.name, "user flood"},
		"a large document; decompression bombs (gzip, deflate, brotli, zstd); a flood of users without a document",
		"the original passes, `too_large`; memory stays within its limits"},
	{[]string{smuggling.name, upgrades.name, downgrade.name},
		"ambiguous lengths, obsolete framing, HTTP/2 requests that would be two in HTTP/1, `Upgrade: h2c`",
		"400 or 501, or backend and sidecar read the same request, and the connection is closed after it"},
	{[]string{spoofing.name, hopByHop.name},
		"spoofed `Forwarded`, `X-Forwarded-*`, `X-Real-IP`, also with `_` for `-`; a `Connection` header that would remove the headers which the sidecar adds",
		"they are removed, with a warning, unless the peer is in `trusted_proxies`; the headers that the sidecar adds stay"},
	{[]string{cachePoisoning.name},
		"a `Host` of their own, so that a cache gives it to others as an address in a response of `addresses`",
		"the response has `Vary: Host`. With `public_url` the `Host` does not matter"},
	{[]string{overflow.name, slowloris.name},
		"headers over `limits.headers`, from the client or from the backend; headers that arrive slowly",
		"431; 502 if they are the backend's; the connection is closed after 10 s"},
	{nil,
		"1 MiB of tiny header lines, forms and JSON of 1 MiB sent fast or slowly, hundreds of HTTP/2 streams, answers that are not read, more connections than there are files",
		"memory stays below `limits.memory` and what the program itself needs, in a container of 256 MiB too. Requests above the limit are refused before the backend is asked, with 503 or by closing the connection, so no refresh token is lost. Health and reload work"},
	{nil,
		"100 forged or changed tokens in cookies, a genuine token repeated in a form of 1 MiB, with any algorithm",
		"at most 8 different tokens of a request are tried, each once, and a signature is checked only if the sealed record opens"},
	{nil,
		"a login that makes a function fill memory, compute a huge number, match a slow regular expression, or never end",
		"the function's own process ends. The login continues without what the function would have done"},
	{[]string{manyTiny.name, crowds.name},
		"many connections, slow or endless headers, many tiny header lines, trailers, many HTTP/2 requests at once, until files or memory are used up",
		"connections without a request are closed, those of the address with most and there the oldest first; memory stays within its limits; health, reload and new keys work, and so do logins from other addresses"},
	{[]string{overload.name, longPath.name},
		"hundreds of large bodies that do not end; more requests than the backend answers; a path of 60 KB",
		"503 before the backend is asked, with `Retry-After`, within `limits.memory` and `limits.requests`; small logins still work while large bodies use up their part; a body that stops is 400 after 10 s; no line of the log is longer than 2 KiB"},
	{[]string{pathTricks.name},
		"other spellings of a rule's path",
		"the backend gets the path that the client sent. If a lenient backend accepts a spelling that the rule does not match (`;x`, another case, `%2e`), the original passes, and [a missing claim grants nothing](#what-is-not-promised). A [gate](#gates) refuses such a path"},
	{[]string{forgedLogin.name},
		"a path with an encoded slash that forges `{provider}`",
		"the provider is the segment that the rule's pattern matches"},
	{[]string{gatePaths.name, gateMethods.name, gateAnswers.name, gateAway.name},
		"a way around a gate: other spellings of its path, overridden methods, 206, bodies that are too large or cannot be decoded, another media type, a place that the rule does not name, MongoDB not reachable with `user_creation` and `on_failure: pass`",
		"400, 503, or the rule applies as usual: [no token leaves that was not accepted](#gates)"},
	{[]string{injection.name, userSpoofing.name, allowBypass.name},
		"with `forward`: a document with line breaks, escapes of them, or much text in a forwarded field; their own copies of the headers in any spelling, or in `Connection`; two tokens; a restricted path in another spelling or with an overridden method",
		"the backend gets one line in printable ASCII, or none over 4 KiB; copies of clients are removed from every request; 400 or 403"},
	{[]string{inTheirName.name, foreignWrites.name, privileges.name, largeWrites.name, anonymous.name, tooMany.name},
		"with `access`: a page of another origin, tokens in cookies, queries and forms, or two tokens; another user's document by an id in the query, in the body or in a token; a field by which access is decided, by merge patch, JSON patch or replacement; large and deep JSON; floods without a valid token, and with one",
		"cookies and forms never count. Users reach their own document only, and never change `_id`, the user-id field or a field by which access is decided. Without a valid token, no document is read, and memory stays within its limits. 429 over `access.per_minute`"},
	{[]string{closedFunctions.name, spoofedUser.name, callers.name, callForms.name, callTokens.name, callPaths.name},
		"with `access.functions`: a function that is private, has no entry, or whose `can_evaluate` is false or fails; names and services in other spellings or twice; another user in the body or in headers; a refresh token, an expired one, one with `alg: none`, in a cookie, in the query or with another; a call as a page of another origin can send it; other spellings of the path",
		"403 or 404, 401 only for an expired token, 405 or 415; a function runs for the user of the bearer token, and only as system where its entry says so. The backend gets other spellings of the path as they are. Errors have the form of App Services and no value of others"},
	{[]string{pollution.name, heavyCalls.name, callFlood.name, tooManyCalls.name},
		"arguments with `__proto__` and `constructor`, and a call that changes every global; loops that never end; half a million small values, large and deep arguments, a large result; floods without a valid token, and with one",
		"no other call sees the change. A call ends with `access.timeout`, and others can call meanwhile. Bodies are limited to 1 MiB, 100,000 values and 100 levels before they are parsed, and results to 4 MiB. Without a valid token, no document is read. 429 with `Retry-After` over `access.per_minute`"},
	{[]string{foreignData.name, refusedParts.name, otherData.name, dataIdentity.name, dataRights.name},
		"with `access.roles`: another user's document by any filter, in every operation; operators that run code or compare fields (`$where`, `$function`, `$expr`), stages that reach other collections (`$lookup`, `$merge`, `$out`), also in each other; other databases, collections and operations; updates, upserts and replacements that change whose document it is, or a field by which access is decided",
		"400 or 403, or nothing is found; no document changes. A user has one document, also after many inserts at the same time"},
	{[]string{hiddenFields.name, extendedJSON.name, expensiveData.name},
		"filters, sorts, projections and updates whose answer could depend on a field that the role hides, and the size of the document; Extended JSON of wrong and rare types; queries and updates that are deep, long or expensive",
		"the answer is the same for all values of the hidden field; 400 for the others. A user whose document others may write can still log in and call"},
	{[]string{openAdmin.name, elsewhere.name, adminPaths.name, inBrowser.name, local.name},
		"the admin listener from another machine, or from a page in a browser on this one (DNS rebinding)",
		"403 for everything except health and metrics"},
	{[]string{heavyFunction.name},
		"data with which a function of the operator never ends or takes too much memory: a regular expression that backtracks, a huge number, a huge array",
		"the process of the function is interrupted or killed: 503 at the latest after `user_creation.timeout`, and then it uses neither processors nor memory. The sidecar's own memory does not grow"},
	{[]string{"secrets in logs, spans, metrics, errors", secretRequest.name},
		"all of the above, and requests with secrets in every part, with debug logs and traces on",
		"no log line, span, metric or error contains a token, a secret, a document, a query string or the user id of a token"},
}

// needMongo are kinds that are skipped where there is no MongoDB.
var needMongo = []string{closedFunctions.name, spoofedUser.name, callers.name, callForms.name, callTokens.name, callPaths.name, pollution.name, heavyCalls.name, callFlood.name, tooManyCalls.name,
	foreignData.name, refusedParts.name, otherData.name, dataIdentity.name, dataRights.name, hiddenFields.name, extendedJSON.name, expensiveData.name, inTheirName.name, foreignWrites.name, privileges.name, largeWrites.name, anonymous.name, tooMany.name, "user ids in MongoDB", forgedLogin.name, hiddenHooks.name, hiddenTriggers.name, staleRefresh.name}

// TestSecurityPage_HasTheTableOfAttacks compares the table in docs/security.md with
// the rows above.
func TestSecurityPage_HasTheTableOfAttacks(t *testing.T) {
	table := "| the attacker tries | what happens |\n| --- | --- |\n"
	for _, row := range pageRows {
		table += fmt.Sprintf("| %s | %s |\n", row.tries, row.happens)
	}
	e2e.CheckTable(t, "../../../docs/security.md", "attacks", table, *update)
}

// checkPage checks that docs/security.md has every kind of attack, and no other.
func (s *suite) checkPage(t *testing.T) {
	t.Helper()
	var made, described []string
	for _, o := range s.outcomes {
		made = append(made, o.name)
	}
	for _, row := range pageRows {
		described = append(described, row.kinds...)
	}
	for _, kind := range made {
		if !slices.Contains(described, kind) {
			t.Errorf("no row for attacks of kind %q: add the kind to pageRows, which is the table in docs/security.md", kind)
			described = append(described, kind)
		}
	}
	if testing.Short() || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // without floods, or only some groups
	}
	for _, kind := range described {
		if !slices.Contains(made, kind) && !slices.Contains(needMongo, kind) {
			t.Errorf("pageRows has %q, but no attack of that kind was made", kind)
		}
	}
}
