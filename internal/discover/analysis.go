package discover

import (
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An Analysis is what the exchanges of a session say about a backend.
type Analysis struct {
	Requests  int        // how many exchanges were looked at
	Unread    int        // answers that were not kept, so they were not looked at
	Sent      int        // requests with a JWT
	Sites     []Site     // where the backend's tokens are in answers, in the order of the session
	Excluded  []Excluded // other places with JWTs, which get no rule
	Refreshes []Refresh  // how each pattern of Sites tells refreshes from logins
	Restores  []Restore  // where issued tokens came back
	Lines     []LineSize // the header lines with tokens, which have a limit
	Logouts   []string   // patterns of requests that look like the end of a session
	Issuers   []string   // iss of the tokens of Sites
	Audiences []string   // aud of the tokens of Sites
	// Unreadable says which answers have tokens that are not JWTs, as sentences.
	Unreadable []string
	// LargestHeader is the size of the largest header of a request with a token, in bytes.
	LargestHeader   int
	LargestHeaderOf string
	// Tokens are samples of the tokens of Sites, access tokens first. They are secrets.
	Tokens []string
}

// A Site is a place in answers in which the backend issues tokens.
type Site struct {
	Pattern  string // of net/http's ServeMux, such as POST /users/{id}/token
	Location locate.Location
	Kind     enrich.Kind // by the name of the location, as the sidecar decides it
	Answers  int         // how many had a token there
	Largest  int         // the largest token, in bytes
	Line     int         // the largest header line with a token; 0 in a body
	Bearer   bool        // a token came back in a header or a cookie
	// Purpose is what the claims say that the tokens are for, and PurposeClaim is the claim
	// that says it.
	Purpose      Purpose
	PurposeClaim string
	// Mixed means that some of the tokens are refresh tokens, and some are not.
	Mixed   bool
	learned bool // a token has been read
	// seenAt is Location as a survey names it, with * for each element of a list.
	seenAt locate.Location
	// Tokens are samples. They are secrets.
	Tokens []string
}

// An Excluded is a place with JWTs that gets no rule.
type Excluded struct {
	Pattern  string
	Location string // as it may be printed
	Why      string // a sentence without a value of a token
}

// A Refresh says how to distinguish the refreshes of a pattern from its logins.
type Refresh struct {
	Pattern string
	Setting proxy.Refresh
	Why     string // a sentence
	Seen    bool   // a value of an earlier answer came back in a request of the pattern
}

// A Restore is a place of requests in which an issued token came back.
type Restore struct {
	Pattern  string
	Location locate.Location // the zero Location if InPath
	Shown    string          // the location as it may be printed
	Times    int
	By       RestoredBy
	InPath   bool // the token is a part of the path
}

// RestoredBy says what makes the sidecar restore a token.
type RestoredBy int

const (
	// Never means that it cannot.
	Never RestoredBy = iota
	// ByDefault means that it does so without a setting of its own.
	ByDefault
	// BySetting means that it needs the location in restore.
	BySetting
)

// A LineSize is the size of a header line with a token.
type LineSize struct {
	Pattern  string
	Location locate.Location
	Bytes    int
	Limit    int
}
