package adminapi

import "context"

// A Peer is who sends a request to the admin listener, as its log names them.
type Peer struct {
	// Address is the address of the peer.
	Address string
	// Reads says that the peer may read, and Writes that it has the admin token, so it
	// may change things and see documents.
	Reads, Writes bool
}

// A Monitor shows what the sidecar does.
type Monitor interface {
	Overview(context.Context) Overview
	Rules(context.Context) Rules
	Freshness(context.Context) Freshness
}

// A KeyManager shows and changes the signing keys. Its errors can be a [*Problem].
type KeyManager interface {
	Keys(context.Context) (Keys, error)
	RotateKeys(context.Context, Peer, KeyChange) (KeyChanged, error)
	PruneKeys(context.Context, Peer, KeyChange) (KeyChanged, error)
}

// Users explains and forgets users, and inspects tokens. Every call is logged without the
// id, the document and the token. Its errors can be a [*Problem].
type Users interface {
	ExplainUser(context.Context, Peer, UserQuery) (*UserExplanation, error)
	ForgetUser(context.Context, Peer, UserQuery) (Forgotten, error)
	InspectToken(context.Context, Peer, InspectRequest) (Inspection, error)
}

// A UserQuery names a user.
type UserQuery struct {
	// UserID is the value of the user-id claim, and Issuer the iss of the user's tokens. It
	// is needed if documents.user_id_issuer is set and verify.issuer has several values.
	UserID, Issuer string
	// Values asks for the values of the document's fields.
	Values bool
}

// A Configurator shows and changes the configuration file. Its errors can be a [*Problem].
type Configurator interface {
	Config(context.Context) (Config, error)
	CheckDraft(context.Context, Draft) (Checked, error)
	ReviewDraft(context.Context, Draft) (Review, error)
	SampleDraft(context.Context, Peer, Draft) (Sample, error)
	Deploy(context.Context, Peer, Draft) (Deployment, error)
	RollBack(context.Context, Peer, Rollback) (Deployment, error)
}
