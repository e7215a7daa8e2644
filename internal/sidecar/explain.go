package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/admin"
)

// An ExplainRequest says about whom [Explain] is.
type ExplainRequest struct {
	// UserID is the value of the user-id claim. If it is a whole number, it is looked up as
	// a string and as a number.
	UserID string
	// Issuer is the iss of the user's tokens. It is needed if documents.user_id_issuer is
	// set, unless verify.issuer has one value.
	Issuer string
	// Values asks for the values of the fields in the token.
	Values bool
}

// ErrIssuerNeeded means that an issuer is needed.
var ErrIssuerNeeded = errors.New("documents.user_id_issuer is set, so the same id of two issuers is two users. Name the issuer")

// Explain says which document belongs to a user and what becomes of it in a token. It asks
// the source of documents, and changes nothing. Its error contains no user id.
func Explain(ctx context.Context, cfg *config.Config, o Options, r ExplainRequest) (*UserExplanation, error) {
	o = o.withDefaults()
	source, err := openSource(cfg, o)
	if err != nil {
		return nil, err
	}
	defer source.Close(context.WithoutCancel(ctx))
	return explain(ctx, cfg, source, r)
}

// users returns the users with this id: the one whose claim is a string, and the one whose
// claim is a number.
func (r ExplainRequest) users(cfg *config.Config) ([]enrich.User, error) {
	user := enrich.User{ID: r.UserID}
	if cfg.Documents.UserIDIssuer != "" {
		user.Issuer = r.Issuer
		if user.Issuer == "" && len(cfg.Verify.Issuer) == 1 {
			user.Issuer = cfg.Verify.Issuer[0]
		}
		if user.Issuer == "" {
			return nil, ErrIssuerNeeded
		}
	}
	users := []enrich.User{user}
	// 007 is not a number in JSON.
	if number := enrich.UserOf([]byte(r.UserID)); number.Number && json.Valid([]byte(r.UserID)) {
		number.Issuer = user.Issuer
		users = append(users, number)
	}
	return users, nil
}

// explain is Explain with a source that is open.
func explain(ctx context.Context, cfg *config.Config, source source, r ExplainRequest) (*UserExplanation, error) {
	from, ok := source.(explainer)
	if !ok {
		return nil, errors.New("this source of documents cannot explain users: only a collection of MongoDB and a file can")
	}
	users, err := r.users(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisTimeout)
	defer cancel()
	d := cfg.Documents
	e := &UserExplanation{
		User: users[0].LogValue().String(), Source: describeSource(cfg), Claim: string(d.UserIDClaim),
		Field: d.UserIDField, FieldType: string(d.UserIDType), Issuer: users[0].Issuer,
	}
	for _, user := range users {
		one, err := explainUser(ctx, cfg, from, user, r.Values)
		if err != nil {
			return nil, err
		}
		e.Found = e.Found || one.Found
		e.As = append(e.As, one)
	}
	return e, nil
}

// explainUser explains one user.
func explainUser(ctx context.Context, cfg *config.Config, source explainer, user enrich.User, values bool) (ExplainedUser, error) {
	e := ExplainedUser{ClaimType: typeInToken(user)}
	found, err := source.Explain(ctx, user)
	switch {
	case err != nil:
		return e, err
	case found.Documents > 0:
		addDocument(&e, cfg, found, values)
	default:
		e.NearMisses = nearMissesOf(ctx, source, cfg.Documents, user)
	}
	return e, nil
}

// nearMissesOf looks for documents that would be the user's with other settings.
func nearMissesOf(ctx context.Context, source explainer, d config.Documents, user enrich.User) []NearMiss {
	if near, ok, err := source.NearMiss(ctx, user); err == nil && ok {
		return []NearMiss{nearMissOf(d, near)}
	}
	return misses(ctx, source, d, user, nil)
}

// Explain is the function [Explain] for the running configuration. It adds what the cache
// has of the user.
func (s *Sidecar) Explain(ctx context.Context, r ExplainRequest) (*UserExplanation, error) {
	g := s.current()
	for !g.documents.uses.acquire() { // a reload has replaced it
		g = s.current()
	}
	defer g.documents.uses.release()
	e, err := explain(ctx, g.cfg, g.documents.source, r)
	if err != nil {
		return nil, err
	}
	users, _ := r.users(g.cfg) // explain had no error
	for i, user := range users {
		e.As[i].Cache = g.cached(user)
	}
	return e, nil
}

// cached says what the cache has of a user.
func (g *generation) cached(user enrich.User) *CacheState {
	entry, ok := g.source.Peek(user)
	if !ok {
		return &CacheState{State: "none"}
	}
	state := &CacheState{
		State: "fresh", ReadAt: &entry.ReadAt, KeepUntil: &entry.KeepUntil,
		AgeSeconds: int64(time.Since(entry.ReadAt) / time.Second), Bytes: entry.Bytes, DocumentBytes: entry.DocumentBytes,
	}
	switch {
	case !entry.Usable && time.Now().After(entry.KeepUntil):
		state.State = "expired"
	case !entry.Usable:
		state.State = "invalidated"
	case entry.Missing:
		state.State = "no_document"
	}
	return state
}

// why says which of several documents counts.
func why(found bsonjson.Explanation) string {
	if len(found.Others) > 0 {
		return "strings come before ObjectIds and numbers"
	}
	return "its _id is the lowest"
}

// explainTo explains a user to a peer of the admin listener, and logs that.
func (s *Sidecar) explainTo(ctx context.Context, q admin.ExplainQuery) (any, error) {
	e, err := s.explainAndLog(ctx, q.Peer, ExplainRequest{UserID: q.UserID, Issuer: q.Issuer, Values: q.Values})
	switch {
	case errors.Is(err, ErrIssuerNeeded):
		return nil, &admin.QueryError{Text: err.Error() + " with ?issuer="}
	case err != nil:
		return nil, err
	}
	return e, nil
}

// explainAndLog explains a user to a peer, whose address the log gets. It does not get the
// user's id.
func (s *Sidecar) explainAndLog(ctx context.Context, peer string, r ExplainRequest) (*UserExplanation, error) {
	e, err := s.Explain(ctx, r)
	s.o.Logger.Info("explained a user on the admin listener",
		"user", enrich.User{ID: r.UserID, Issuer: r.Issuer}, "values", r.Values, "peer", peer, "found", err == nil && e.Found)
	return e, err
}
