package discover

import "context"

// Users says which claim and which field of the documents identify a user.
type Users struct {
	Collection string // the collection that was sampled
	Claim      string // empty if no claim matches
	Field      string
	Type       string   // user_id_type
	Sampled    int      // documents
	Matched    int      // tokens whose user has a document
	Fields     []string // names of fields that may be in a token; no credentials
	Notes      []string // sentences for the comments
}

// MatchUsers compares claims of tokens with the documents of a collection. An empty
// collection means any of the database.
func MatchUsers(ctx context.Context, uri, database, collection string, tokens []string) (Users, error) {
	return Users{}, nil
}
