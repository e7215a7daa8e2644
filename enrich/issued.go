package enrich

// An Issued is one token of a response. The response may hold it at more than one
// place.
type Issued struct {
	// Raw is the token in compact serialization (RFC 7515, section 7.1), as the
	// backend wrote it.
	Raw  string
	Kind Kind
	// Budget is the largest size of the enriched token that fits at every place of
	// this one, in bytes.
	Budget int
}

// A Kind says whether a token is an access token or an id_token.
type Kind string

// The kinds of tokens.
const (
	Access Kind = "access"
	ID     Kind = "id"
)
