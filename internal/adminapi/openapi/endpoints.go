package openapi

import (
	"reflect"
	"strings"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// An Endpoint is a method and a path of the admin listener.
type Endpoint struct {
	Method, Path string
	// ID is its operationId. Generated clients name a function after it, so it does not
	// change.
	ID      string
	Summary string
	// More is the rest of its description. It can be empty.
	More string
	Who  Who
	// Query are the parameters of the query, which are all optional.
	Query []Parameter
	// Body and Answer are the types of the JSON in the request and in the response. Nil means
	// that there is none, or that it is text.
	Body, Answer reflect.Type
	// TextBody and TextAnswer describe a text, or are empty.
	TextBody, TextAnswer string
	// Fails are the statuses of errors, besides 403 and 404, which follow from the rest.
	Fails []int
}

// IsAPI reports whether the endpoint is below /api. Its errors are problems then.
func (e Endpoint) IsAPI() bool { return strings.HasPrefix(e.Path, "/api/") }

// A Parameter is a parameter of a query.
type Parameter struct {
	Name, Type, Description string
}

// Who may use an endpoint.
type Who string

// Who may use an endpoint.
const (
	Everyone Who = "everyone"
	Local    Who = "loopback or admin token"
	Token    Who = "admin token"
	// DryRun, Values and Changes are for loopback with an exception.
	DryRun  Who = "admin token; a dry run from loopback too"
	Values  Who = "loopback or admin token; values only with the token"
	Changes Who = "loopback or admin token; a whole text only with the token"
)

var (
	issuer = Parameter{"issuer", "string", "The `iss` of the user's tokens. It is needed if `documents.user_id_issuer` is set and `verify.issuer` has several values."}
	values = Parameter{"values", "boolean", "Whether the answer has the values of the document's fields. Requires the admin token."}
)

// a is the type T, for the table.
func a[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Endpoints returns all endpoints, without the pages of the console.
func Endpoints() []Endpoint {
	return []Endpoint{
		{Method: "GET", Path: "/api/overview", ID: "getOverview", Summary: "Mode, health, plots of the last hour, and the last failures", Who: Local, Answer: a[adminapi.Overview]()},
		{Method: "GET", Path: "/api/rules", ID: "getRules", Summary: "Each rule as the sidecar understands it, and what it has done", Who: Local, Answer: a[adminapi.Rules]()},
		{Method: "GET", Path: "/api/freshness", ID: "getFreshness", Summary: "Changes of documents, what they remove from the cache, and how old data can be", Who: Local, Answer: a[adminapi.Freshness]()},

		{Method: "GET", Path: "/api/keys", ID: "getKeys", Summary: "The signing keys, and the key set of the backend", Who: Local, Answer: a[adminapi.Keys](), Fails: []int{503}},
		{Method: "POST", Path: "/api/keys/rotate", ID: "rotateKeys", Summary: "Make the next signing key", More: "With `now` it signs at once. Send `dry_run` first to see what would change.", Who: DryRun, Body: a[adminapi.KeyChange](), Answer: a[adminapi.KeyChanged](), Fails: []int{400, 409, 413, 503}},
		{Method: "POST", Path: "/api/keys/prune", ID: "pruneKeys", Summary: "Delete the keys that no valid token needs, or those in `kids`", More: "Send `dry_run` first to see what would change.", Who: DryRun, Body: a[adminapi.KeyChange](), Answer: a[adminapi.KeyChanged](), Fails: []int{400, 409, 413, 503}},

		{Method: "GET", Path: "/api/users/{user_id}", ID: "explainUser", Summary: "Which document belongs to a user, and what a token gets of it", More: "At most two requests that read documents run at once; more get 503.", Who: Values, Query: []Parameter{issuer, values}, Answer: a[adminapi.UserExplanation](), Fails: []int{400, 503}},
		{Method: "POST", Path: "/api/users/{user_id}/forget", ID: "forgetUser", Summary: "Remove a user from the cache of this replica", Who: Token, Query: []Parameter{issuer}, Answer: a[adminapi.Forgotten](), Fails: []int{400}},
		{Method: "POST", Path: "/api/tokens/inspect", ID: "inspectToken", Summary: "Verify a token, and show what the sidecar makes of it", More: "The token is neither logged nor kept.", Who: Values, Body: a[adminapi.InspectRequest](), Answer: a[adminapi.Inspection](), Fails: []int{400, 413, 503}},

		{Method: "GET", Path: "/api/config", ID: "getConfig", Summary: "The configuration file, its revision, and its last versions", Who: Local, Answer: a[adminapi.Config](), Fails: []int{503}},
		{Method: "POST", Path: "/api/config/check", ID: "checkDraft", Summary: "The faults of a draft", Who: Changes, Body: a[adminapi.Draft](), Answer: a[adminapi.Checked](), Fails: []int{400, 409, 413, 503}},
		{Method: "POST", Path: "/api/config/review", ID: "reviewDraft", Summary: "What a draft changes, and what it would have made of the last logins", Who: Changes, Body: a[adminapi.Draft](), Answer: a[adminapi.Review](), Fails: []int{400, 409, 413, 503}},
		{Method: "POST", Path: "/api/config/sample", ID: "sampleDraft", Summary: "Which fields some documents of a draft's collection have, and which types of user ids", More: "Examples of user ids, and another collection than the running one, need the admin token.", Who: Changes, Body: a[adminapi.Draft](), Answer: a[adminapi.Sample](), Fails: []int{400, 409, 413, 422, 503}},
		{Method: "POST", Path: "/api/config/deploy", ID: "deployDraft", Summary: "Replace the configuration file with a draft, and apply it", More: "`base` must be the revision of the file. If the file has changed, or the draft has faults, nothing happens.", Who: Token, Body: a[adminapi.Draft](), Answer: a[adminapi.Deployment](), Fails: []int{400, 409, 413, 422, 503}},
		{Method: "POST", Path: "/api/config/rollback", ID: "rollBack", Summary: "Deploy an earlier version of the configuration file", Who: Token, Body: a[adminapi.Rollback](), Answer: a[adminapi.Deployment](), Fails: []int{400, 409, 413, 422, 503}},

		{Method: "GET", Path: "/api/openapi.json", ID: "getOpenAPI", Summary: "This description, as OpenAPI 3.1", Who: Local, Answer: a[map[string]any]()},

		{Method: "GET", Path: "/livez", ID: "getLiveness", Summary: "200 while the process runs", Who: Everyone, Answer: a[Status]()},
		{Method: "GET", Path: "/readyz", ID: "getReadiness", Summary: "Whether requests should be sent to this sidecar", More: "503 has the same body as 200.", Who: Everyone, Answer: a[Readiness](), Fails: []int{503}},
		{Method: "GET", Path: "/metrics", ID: "getMetrics", Summary: "Prometheus metrics", Who: Everyone, TextAnswer: "The metrics, in a text format of Prometheus."},
		{Method: "GET", Path: "/cache", ID: "getCache", Summary: "Figures of the cache", Who: Local, Answer: a[cache.Stats]()},
		{Method: "DELETE", Path: "/cache", ID: "clearCache", Summary: "Remove all documents from the cache of this replica", Who: Local},
		{Method: "DELETE", Path: "/cache/{user_id}", ID: "clearUser", Summary: "Remove the documents of a user from the cache of this replica", Who: Local},
		{Method: "GET", Path: "/explain/{user_id}", ID: "explain", Summary: "The same as GET /api/users/{user_id}, even with `console: off`", More: "Its errors are not problems.", Who: Values, Query: []Parameter{issuer, values}, Answer: a[adminapi.UserExplanation](), Fails: []int{400, 503}},
		{Method: "PUT", Path: "/loglevel", ID: "setLogLevel", Summary: "Set the log level until the next start", Who: Local, TextBody: "`debug`, `info`, `warn` or `error`.", Answer: a[Status](), Fails: []int{400}},
	}
}

// A Status is the answer of endpoints that have nothing else to say, and their error.
type Status struct {
	Status string `json:"status"`
}

// Readiness is the answer of GET /readyz.
type Readiness struct {
	Status string            `json:"status"` // ready, degraded, starting or stopping
	Checks map[string]string `json:"checks"` // each part that the sidecar needs: ok, failing, not ready yet, or a fault in words
}
