package manual

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// advice is what the documentation says about a reason or a problem type: what it
// means, and what to do.
type advice struct{ means, do string }

// reasonAdvice has every reason. A reason of package enrich without a row here is
// an error of [Reasons].
var reasonAdvice = map[enrich.Reason]advice{
	enrich.OK: {
		"Enriched with a fresh document.",
		"Nothing."},
	enrich.Stale: {
		"Enriched with an older document, because the source fails (`cache.stale_for`).",
		"Repair the source before `cache.stale_for` expires. Then the reason becomes `unavailable`."},
	enrich.NoDocument: {
		"The user has no document.",
		"Nothing, if the user really has none. Otherwise `documents.user_id_claim`, `user_id_field` or `user_id_type` does not fit: the log has the claim, its type, and where it was looked for. `tokengraft try` shows the id that the token has, and `try` and the log say it if a document has nearly the same id, or if the collection does not exist or is empty. With `user_creation` the log says once if a new user still has no document, because the function, the webhook or the template does not store one with the user's id in `user_id_field`."},
	enrich.Opaque: {
		"Not a signed JWT: an opaque or an encrypted token.",
		"Configure the provider to issue signed JWTs, if it can. Otherwise remove the location from the rule."},
	enrich.NotOurs: {
		"Another issuer or audience, or a `kid` that the backend's keys do not have.",
		"The log and `tokengraft try` say which, and what the token has instead. Correct `verify.issuer` or `verify.audience`, or look at what the backend publishes at `verify.jwks`."},
	enrich.BadToken: {
		"Wrong signature, time, algorithm or shape.",
		"If the log has `clock_offset_seconds`, set the clocks. Otherwise the log and `tokengraft try` say what is wrong, for example that the signature does not match `verify.secret`."},
	enrich.KeyBound: {
		"Bound to a key of the client (DPoP), while the sidecar signs with its own keys.",
		"Use `sign.backend_key`, or accept that these tokens pass without the claim."},
	enrich.TooLarge: {
		"The document, the token, or the header line or cookie with it exceeds its limit, or the body exceeds `limits.body`.",
		"The log has the size and the limit. Use `claim.include` to take less, or raise `claim.max_size`, `claim.max_token_size`, `claim.max_header_size` or `limits.body`."},
	enrich.Unavailable: {
		"The documents or the backend's keys could not be read, `user_creation` failed, or no memory was free for a large response.",
		"`/readyz` says what cannot be read, the log why `user_creation` failed, and `tokengraft_overloaded_total` counts responses without memory. `cache.stale_for` bridges the next outage of the documents."},
	enrich.SignFailed: {
		"There is no key of the sidecar for this algorithm, or signing failed. A missing key is made at once, for the next token.",
		"If it continues, the log says what is wrong with the directory `sign.keys`."},
	enrich.Canceled: {
		"The client disconnected before the tokens were read.",
		"Nothing."},
	enrich.Rejected: {
		"The function or the webhook of `user_creation` refused the user. One that fails is `unavailable`.",
		"The client gets the message of the function. `tokengraft_hooks_total{hook,error}` has the number. The backend has already made a session, and only the backend can end it."},
	enrich.NotFound: {
		"A response 2xx of a rule has no token at any of its locations. It is counted once for each response. Not counted: responses whose token is `null` or empty, 204, `HEAD` and `OPTIONS`, event streams, and the endpoints of `oidc` that also serve pages. A redirect, a page that a `GET` asks for, or a response of a rule for all paths counts only if something in the shape of a JWT is at another place.",
		"The log has a line `rule … matched … answers, no token at …` that says what is there instead, and the `tokens` to write. Logins that fail with 200, or that need a second factor, count too: then do nothing."},
}

// Reasons writes the table of reasons. The code says what the client gets;
// reasonAdvice has the rest.
func Reasons(declared []enrich.Reason) (string, error) {
	var out strings.Builder
	out.WriteString("| reason | means | the client gets | other tokens of the same response | what to do |\n|---|---|---|---|---|\n")
	for _, reason := range declared {
		a, ok := reasonAdvice[reason]
		if !ok {
			return "", fmt.Errorf("reason %q has no row in reasonAdvice of internal/manual: say what it means and what to do", reason)
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s |\n", reason, a.means, clientGets(reason), othersOf(reason), a.do)
	}
	if len(declared) != len(reasonAdvice) {
		return "", fmt.Errorf("reasonAdvice of internal/manual has %d rows, package enrich %d reasons: remove the rows of reasons that are gone", len(reasonAdvice), len(declared))
	}
	return out.String(), nil
}

// othersOf returns what happens to the other tokens of the same response.
func othersOf(reason enrich.Reason) string {
	switch {
	case reason == enrich.Canceled, reason == enrich.NotFound:
		return "–"
	case reason == enrich.Rejected:
		return "are not sent"
	case reason.Blocks():
		return "also stay original"
	}
	return "are enriched"
}

func clientGets(reason enrich.Reason) string {
	switch {
	case reason == enrich.OK || reason == enrich.Stale:
		return "the enriched token"
	case reason == enrich.Rejected:
		return "400 (403 if the response was not JSON), and no token"
	case reason == enrich.NotFound:
		return "the backend's response; from a [gate](security.md#gates) 503, if a token is at another place"
	case reason == enrich.Canceled:
		return "–"
	case reason == enrich.Opaque:
		return passes(reason) + "; from a [gate](security.md#gates) 503, if no other token was accepted"
	case !enrich.Outcome{Reason: reason}.Accepted():
		return passes(reason) + "; from a [gate](security.md#gates) 503"
	}
	return passes(reason)
}

// passes returns what the client gets if the rule is not a gate.
func passes(reason enrich.Reason) string {
	if (enrich.Outcome{Reason: reason}).Refusable() {
		return "under `pass` the original, under `refuse` 503"
	}
	return "the original"
}

// problemAdvice has every problem type, without urn:tokengraft:. A problem
// without a row here is an error of [Problems].
var problemAdvice = map[string]advice{
	"backend-unreachable": {
		"The connection to the backend failed or broke.",
		"The log has the cause. Is the backend running, and is `backend` its address as seen from the sidecar? The log names the setting of a TLS error."},
	"backend-timeout": {
		"The backend did not answer a matched request within `timeouts.response`.",
		"Look at the backend; raise `timeouts.response` if it needs longer."},
	"enrichment-failed": {
		"The policy is `refuse`, and a token was `unavailable`, `too_large` or `sign_failed`. The backend has issued the tokens, so there is no `Retry-After`.",
		"See the [reason](#reasons), or set `on_failure: pass`."},
	"documents-unavailable": {
		"The policy is `refuse` or the rule is a [gate](security.md#gates), and MongoDB is failing. The backend was not asked, so the client can repeat the request (`Retry-After: 1`).",
		"Repair MongoDB. Or set `cache.stale_for`, or, without a gate, `on_failure: pass`."},
	"overloaded": {
		"Requests in flight use all of `limits.memory`, or `limits.requests` of them are at the backend, or too many users are at `access.path` or `access.call_path`, and no turn came within a second. The backend was not asked, so the client can repeat the request (`Retry-After: 1`).",
		"The log names the limit, and `tokengraft_overloaded_total` counts it. An attack: limit clients in front. A slow backend: repair it. Honest load: raise the limit and the container's memory, or run more replicas."},
	"keys-unavailable": {
		"The merged JWKS was requested before the backend's keys had been fetched; or a request came that a token decides about (`forward`, `access`), and they could not be fetched.",
		"The log says why they cannot be fetched."},
	"not-accepted": {
		"The rule is a [gate](security.md#gates), and the response has a token that was not accepted, or could not be read to its end. The backend may have issued tokens, so there is no `Retry-After`. With `errors: app-services` the body has the format of App Services.",
		"The log says why, and [`tokengraft_gate_refused_total`](operations.md#refusals-of-gates) counts it. For a token, see its [reason](#reasons). For a body over the limit raise `limits.body`. For a token at another place, add its location to the rule."},
	"rejected": {
		"`user_creation` refused the sign-in, and the response was not JSON. JSON clients get 400 in the format of `rules[].errors`.",
		"The log has the cause."},
	"headers-too-large": {
		"The header of the request is larger than `limits.headers`, or has more than 256 lines.",
		"Often a cookie or token that grew: `claim.include`. Or raise `limits.headers`."},
	"request-broken": {
		"The body of the request ended early, or arrived too slowly: less than 64 KiB in 10 s, or not all within `timeouts.response`.",
		"Usually the client's network. If it happens often, look at the proxy in front."},
	"host-invalid": {
		"The `Host` of the request has characters that a host cannot have.",
		"Nothing; usually a scanner."},
	"target-invalid": {
		"The path or the query of an HTTP/2 request has a space. The backend could take what is before it for the whole target. The backend was not asked.",
		"Correct the client: it must send `%20`. Usually a scanner."},
	"path-ambiguous": {
		"A [gate](security.md#gates) or a `forward` with `allow` covers the path in another spelling (another case, `;x`, `%2e`, a slash at the end), and a lenient backend could take one for the other. The backend was not asked.",
		"Correct the client. The log names the rule. If the backend really has something else at this path, write a rule (or a `forward`) with exactly this path."},
	"forbidden": {
		"`forward` has `allow` for this request, and it is false for the user of the token, or there is no valid token. The backend was not asked.",
		"`tokengraft_forward_total` counts why. If the user should be allowed, look at `allow` and at their document."},
	"token-invalid": {
		"A request to `access.path` has no bearer token, several, or one that is not valid. Cookies do not count. Never 401, because clients log users out on it.",
		"Usually an expired token: the client has to refresh it. See `WWW-Authenticate`."},
	"rate-limited": {
		"The user has sent more requests to `access.path` or `access.call_path` than `access.per_minute` in a minute. `Retry-After` says when the next one is allowed.",
		"Look at the client. If it is right, raise `access.per_minute`."},
	"method-not-allowed": {
		"A method that `sign.jwks_path` or `access.path` does not have.",
		"Correct the client. If the backend uses this path for something else, set another one."},
	"document-missing": {
		"A request to `access.path` of a user without a document. None is created.",
		"`tokengraft explain USER_ID` says why they have none. `user_creation` creates documents at the first sign-in."},
	"media-type-unsupported": {
		"The body of a request to `access.path` has another content type than those in the detail.",
		"Correct the client. `Accept-Patch` has the types of patches."},
	"document-malformed": {
		"The body of a write at `access.path` is not valid: not JSON or UTF-8, two members with the same name, nested more than 32 levels deep, or no valid patch.",
		"Correct the client."},
	"document-conflict": {
		"A `test` of a JSON patch failed, or a location of it does not exist.",
		"The client has to read the document again."},
	"document-changed": {
		"`If-Match` names another version of the document, or there is an `If-None-Match` that is false.",
		"The client has to read the document again."},
	"document-too-large": {
		"The body of a write at `access.path`, or the document after it, is larger than `access.max_size` allows.",
		"Correct the client, or raise `access.max_size`, and `claim.max_size` with it."},
	"paths-forbidden": {
		"A write at `access.path` changes paths that the user may not write. The detail names all of them with the reason.",
		"If users should write a path, add it to `access.writable`, or to `access.allow_privileged` if no program decides access by it."},
	"document-invalid": {
		"The document after a write at `access.path` would not match `access.schema`, or MongoDB would not accept it.",
		"Correct the client, or the schema."},
	"internal": {
		"A bug: the request caused a panic. Other requests are not affected.",
		"Report the stack that the log has."},
}

const urn = "urn:tokengraft:"

// Problems writes the table of problem types.
func Problems(declared []Problem) (string, error) {
	var out strings.Builder
	out.WriteString("| status | type | means | what to do |\n|---|---|---|---|\n")
	for _, p := range declared {
		a, ok := problemAdvice[strings.TrimPrefix(p.Type, urn)]
		if !ok || p.Status == 0 {
			return "", fmt.Errorf("problem %q with status %d: want a status of net/http and a row in problemAdvice of internal/manual", p.Type, p.Status)
		}
		fmt.Fprintf(&out, "| %d | `%s` | %s | %s |\n", p.Status, p.Type, a.means, a.do)
	}
	if len(declared) != len(problemAdvice) {
		return "", fmt.Errorf("problemAdvice of internal/manual has %d rows, the code %d problems: remove the rows of problems that are gone", len(problemAdvice), len(declared))
	}
	return out.String(), nil
}
