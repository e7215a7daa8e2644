package adminapi

import "time"

// An Overview is the answer of GET /api/overview.
type Overview struct {
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Now     time.Time `json:"now"`
	// Mode is live, shadow or off.
	Mode     string    `json:"mode"`
	Health   Health    `json:"health"`
	Series   []Series  `json:"series"`
	Failures []Failure `json:"failures"` // the newest first
}

// Health says whether the sidecar has what it needs, as /readyz does.
type Health struct {
	Status string `json:"status"` // ready, degraded, starting or stopping
	Parts  []Part `json:"parts"`
}

// A Part is something that the sidecar needs.
type Part struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, failing, or not ready yet
	// Since is when the state began.
	Since time.Time `json:"since"`
	// Fault says why the state is not ok, and Help what to do.
	Fault string `json:"fault"`
	Help  string `json:"help"`
}

// A Failure is a group of tokens that were not enriched, or of requests that failed, with
// the same rule, reason and cause.
type Failure struct {
	Rule     string    `json:"rule"`
	Reason   string    `json:"reason"`
	Cause    string    `json:"cause"`
	NextStep string    `json:"next_step"`
	Count    int       `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// Rules is the answer of GET /api/rules.
type Rules struct {
	Rules []Rule `json:"rules"`
	// Warnings are those of the diagnosis that belong to no rule, such as tokens that no
	// rule covers.
	Warnings []string `json:"warnings"`
}

// A Rule is what one rule means, and what it has done since the start.
type Rule struct {
	Match     string      `json:"match"`
	Origin    string      `json:"origin"` // configuration, preset or oidc
	Tokens    []RuleToken `json:"tokens"`
	Refresh   string      `json:"refresh"` // yes, no, auto, both, or "" without tokens
	Why       string      `json:"refresh_why"`
	OnFailure string      `json:"on_failure"` // pass, refuse, or "" without tokens
	Gate      string      `json:"gate"`       // no, yes or headers
	Restore   []string    `json:"restore"`

	Answers int64 `json:"answers"` // responses that it matched
	Found   int64 `json:"found"`   // tokens in them
	// LastFound is when the last token was found; nil if none was.
	LastFound *time.Time       `json:"last_found"`
	Reasons   map[string]int64 `json:"reasons"`
	Warnings  []string         `json:"warnings"`
}

// A RuleToken is a place where a rule looks for tokens.
type RuleToken struct {
	Location string `json:"location"`
	Kind     string `json:"kind"`  // access or id
	Claim    bool   `json:"claim"` // whether its tokens get the claim
}

// Freshness is the answer of GET /api/freshness.
type Freshness struct {
	// Stream is followed, broken, not followed or off.
	Stream string `json:"stream"`
	// Since is when this began, and LastEvent when the last change arrived; nil if none
	// did. Fault says why the stream is not followed.
	Since     time.Time  `json:"since"`
	LastEvent *time.Time `json:"last_event"`
	Fault     string     `json:"fault"`
	// Changes and Evicted are totals since the start: events of the stream, and entries
	// of the cache that they made unusable.
	Changes int64 `json:"changes"`
	Evicted int64 `json:"evicted"`
	// PromiseSeconds is how old the data in a token may be at most: the shortest life of
	// a token that was seen, or 0 if none was.
	PromiseSeconds float64  `json:"promise_seconds"`
	Promise        string   `json:"promise"` // the same in words
	Series         []Series `json:"series"`
}
