package discover

import (
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An Analysis is what the exchanges of a session say about a backend.
type Analysis struct {
	Requests  int        // how many exchanges were looked at
	Sites     []Site     // where the backend's tokens are in answers, in the order of the session
	Excluded  []Excluded // other places with JWTs, which get no rule
	Refreshes []Refresh  // how each pattern of Sites tells refreshes from logins
	Restores  []Restore  // where issued tokens came back, besides the places that are always looked at
	Cookies   []LineSize // the header lines with tokens that are near a limit
	Logouts   []string   // patterns of requests that look like the end of a session
	Issuers   []string   // iss of the tokens of Sites
	Audiences []string   // aud of the access tokens of Sites
	// Tokens are samples of the tokens of Sites, access tokens first. They are secrets.
	Tokens []string
}

// A Site is a place in answers in which the backend issues tokens.
type Site struct {
	Pattern  string // of net/http's ServeMux, such as POST /users/{id}/token
	Location locate.Location
	Kind     enrich.Kind // by the name of the location, as the sidecar decides it
	Claims   enrich.Kind // by the claims of the tokens
	Answers  int         // how many had a token there
	Largest  int         // the largest token, in bytes
	// Tokens are samples. They are secrets.
	Tokens []string
}

// An Excluded is a place with JWTs that gets no rule.
type Excluded struct {
	Pattern  string
	Location locate.Location
	Why      string // a sentence without a value of a token
}

// A Refresh says how the requests of a pattern are told from logins.
type Refresh struct {
	Pattern string
	Setting proxy.Refresh
	Why     string // a sentence
	Seen    bool   // a value of an earlier answer came back in a request of the pattern
}

// A Restore is a place of requests in which an issued token came back.
type Restore struct {
	Pattern  string
	Location locate.Location
	Times    int
	Standard bool // the sidecar looks there without a setting
}

// A LineSize is the size of a header line with a token.
type LineSize struct {
	Pattern  string
	Location locate.Location
	Bytes    int
	Limit    int
}
