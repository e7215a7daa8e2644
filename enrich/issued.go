package enrich

// An Issued token is one token of a response, at one or more places of it.
type Issued struct {
	// Raw is the token in compact serialization (RFC 7515, section 7.1), as the
	// backend wrote it.
	Raw  string
	Kind Kind
	// Budget is the size of the largest enriched token that fits every place of
	// this one, in bytes.
	Budget int
}

// A Kind tells access tokens from id_tokens.
type Kind string

// The kinds of tokens.
const (
	Access Kind = "access"
	ID     Kind = "id"
)
