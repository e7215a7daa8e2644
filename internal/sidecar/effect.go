package sidecar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A pastLogin is a response with tokens that the sidecar has sent. It has no token.
type pastLogin struct {
	user   enrich.User
	tokens []pastToken
}

// A pastToken is what became of one token. Sizes are in bytes.
type pastToken struct {
	kind   enrich.Kind
	inBody bool // else in a header line
	budget int  // for the token at its place
	before int  // the original
	after  int  // what the client got
	// document is the size of the document as JSON; 0 if the token has none, or if that is
	// not known.
	document int
	reason   enrich.Reason
}

// effectTimeout bounds the reads of one effect, so that the answer is written within
// adminTimeout.
const effectTimeout = 4 * time.Second

// configuration returns what shows and changes the configuration file, with the effect on
// the last logins.
func (s *Sidecar) configuration() adminapi.Configurator {
	c := s.configurator()
	c.effect = func(ctx context.Context, draft *config.Config) *adminapi.Effect {
		return effectOf(ctx, s.current().cfg, draft, s.past.pastLogins(), s.o)
	}
	if s.o.Source == nil { // a Go program's own source reads users only
		c.sample = s.sample
	}
	return c
}

// effectOf tries what a draft would have made of logins: it reads the documents of their
// users with the settings of the draft, and computes reasons and sizes from those that the
// logins had. It verifies and signs nothing, because there are no tokens.
func effectOf(ctx context.Context, current, draft *config.Config, logins []pastLogin, o Options) *adminapi.Effect {
	effect := &adminapi.Effect{Logins: len(logins), Reasons: []adminapi.ReasonEffect{}, Sizes: []adminapi.SizeEffect{}, Notes: []string{}}
	switch {
	case len(logins) == 0:
		effect.Failed = "no user has logged in since the start, so the draft could not be tried"
		return effect
	case current.Documents.UserIDClaim != draft.Documents.UserIDClaim:
		effect.Failed = "the draft takes the user's id from another claim, and claims of earlier logins are not kept. Log in after the deployment, or try a token with `tokengraft try`"
		return effect
	}
	documents := map[enrich.User]lookedUp{}
	if draft.Claim.Enabled {
		ctx, cancel := context.WithTimeout(ctx, effectTimeout)
		defer cancel()
		var err error
		if documents, err = lookUpAll(ctx, draft, usersOf(logins), o); err != nil {
			effect.Failed = err.Error()
			return effect
		}
	}
	t := newTrial(current, draft, logins)
	for _, login := range logins {
		t.add(login, documents[login.user])
	}
	effect.Reasons, effect.Sizes = t.reasons.list(), t.sizeList()
	effect.Notes = append(effect.Notes, notesOnEffect(current, draft, t)...)
	return effect
}

// usersOf returns the users of logins, each once.
func usersOf(logins []pastLogin) (users []enrich.User) {
	seen := map[enrich.User]bool{}
	for _, login := range logins {
		if !seen[login.user] && login.user != (enrich.User{}) {
			seen[login.user] = true
			users = append(users, login.user)
		}
	}
	return users
}

// untried are the settings whose effect on tokens is not computed.
var untried = []string{"rules", "oidc", "preset", "verify", "sign", "restore", "backend", "user_creation"}

// notesOnEffect says what the numbers do not show.
func notesOnEffect(current, draft *config.Config, t *effectTrial) (notes []string) {
	if why := draft.NotLive(); why != "" {
		notes = append(notes, "No token gets the claim, because "+why+" in the draft.")
	}
	var others []string
	for _, path := range draft.ChangesSince(current) {
		section, _, _ := strings.Cut(path, ".")
		section, _, _ = strings.Cut(section, "[")
		if slices.Contains(untried, section) && !slices.Contains(others, section) {
			others = append(others, section)
		}
	}
	if len(others) > 0 {
		notes = append(notes, fmt.Sprintf("The draft also changes %s. Its effect on tokens was not tried.", strings.Join(others, ", ")))
	}
	if t.unread > 0 {
		notes = append(notes, fmt.Sprintf("%d tokens could not be tried, because the documents of their users could not be read in time. They count as unavailable.", t.unread))
	}
	if t.guessed {
		notes = append(notes, "No earlier token had the claim, so what signing adds to a token is not known. Tokens will be some hundred bytes larger than shown.")
	}
	return notes
}

// A lookedUp is a document with the settings of a draft.
type lookedUp struct {
	size int // as JSON; 0 without a document
	err  error
}

// lookUpAll reads the documents of users with the settings of a draft. Its error says why
// the source cannot be opened. Users who were not read in time have an error.
func lookUpAll(ctx context.Context, draft *config.Config, users []enrich.User, o Options) (map[enrich.User]lookedUp, error) {
	source, err := openSource(draft, Options{Source: o.Source}.withDefaults())
	if err != nil {
		return nil, err
	}
	defer source.Close(context.WithoutCancel(ctx))
	return lookUpFrom(ctx, source, users)
}

// lookUpFrom reads the documents of users. Its error is that of the first one, if the source
// does not answer: the others would wait for nothing.
func lookUpFrom(ctx context.Context, source source, users []enrich.User) (map[enrich.User]lookedUp, error) {
	found := map[enrich.User]lookedUp{}
	for _, user := range users {
		if err := ctx.Err(); err != nil {
			found[user] = lookedUp{err: err}
			continue
		}
		document, err := source.Lookup(ctx, enrich.Query{User: user})
		found[user] = lookedUp{len(document.JSON), err}
		if len(found) == 1 && !isAnswer(err) {
			return nil, err
		}
	}
	return found, nil
}

// isAnswer reports whether a source has answered, be it that the user has no document, or
// one that cannot be a claim.
func isAnswer(err error) bool {
	return err == nil || errors.Is(err, enrich.ErrNoDocument) || errors.Is(err, enrich.ErrUndecodable)
}
