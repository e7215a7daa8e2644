package enrich

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Options configure an [Enricher]. Ring and Source are required. Every other
// field may be zero.
type Options struct {
	// Ring verifies the backend's tokens and signs enriched ones. Required.
	Ring Ring
	// Source finds the documents of users. Required.
	Source Source
	// UserID is the path of the claim that identifies the user: names joined with
	// dots. Write `\.` for a dot within a name. Empty means "sub".
	UserID string
	// Documents says where the Source looks for user ids, such as "the field user_id of the
	// collection app.users". It is part of a [NoDocumentError]. Optional.
	Documents string
	// UserIssuer means that a user is identified by their issuer too (iss), because
	// user ids are unique only within it (OpenID Connect Core, section 5.7). A token
	// without iss then identifies no user. The Source must compare [User.Issuer].
	UserIssuer bool
	// Claim is the name of the claim that holds the document. Empty means
	// "custom_data". [CheckClaimName] says which names are not allowed.
	Claim string
	// AllowPrivilegedName allows names by which resource servers decide access
	// ([ErrPrivilegedName]) for Claim, Freshness and ReadAt. Set it only if users
	// cannot write their own document.
	AllowPrivilegedName bool
	// Freshness is the name of a claim whose value is "fresh", "stale", "absent"
	// or "error". Empty means no such claim.
	Freshness string
	// ReadAt is the name of a claim that says when the document was read, as a
	// NumericDate (RFC 7519, section 2). Empty means no such claim.
	ReadAt string
	// Kinds are the kinds of tokens that get the claims. Empty means access
	// tokens only.
	Kinds []Kind
	// MaxSize limits the size of a document, in bytes of its JSON. Zero means
	// 16 KiB.
	MaxSize int
	// MaxAge limits how old the document in a token of a login may be. Zero means
	// the lifetime of the token. For a token without exp, zero means that every
	// login reads the document from the source.
	MaxAge time.Duration
	// FreshLogins means that a login reads the document as a refresh does, after the
	// backend answered. Set it if users can write their document, so that their next login
	// has what they wrote, on every replica.
	FreshLogins bool
	// Restore says which of the tokens that are signed from now on can be restored.
	// The zero value means those that one of our own keys or a secret signs.
	Restore Restore
	// Hooks run when users sign in. Nil means no hooks.
	Hooks Hooks
	// Meter records how old embedded documents are. Nil records nothing.
	Meter metric.Meter
	// Logger gets warnings about the backend's tokens. Nil discards them.
	Logger *slog.Logger
}

const defaultMaxSize = 16 << 10

func (o Options) withDefaults() Options {
	o.UserID = cmp.Or(o.UserID, "sub")
	o.Claim = cmp.Or(o.Claim, "custom_data")
	o.MaxSize = cmp.Or(o.MaxSize, defaultMaxSize)
	if len(o.Kinds) == 0 {
		o.Kinds = []Kind{Access}
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.Ring == nil:
		return errors.New("enrich: Options.Ring is missing")
	case o.Source == nil:
		return errors.New("enrich: Options.Source is missing")
	case o.MaxSize < 0:
		return fmt.Errorf("enrich: Options.MaxSize is %d bytes, want 0 (the default) or more", o.MaxSize)
	case o.MaxAge < 0:
		return fmt.Errorf("enrich: Options.MaxAge is %v, want 0 (the default) or more", o.MaxAge)
	case o.Restore < RestoreAuto || o.Restore > RestoreOff:
		return fmt.Errorf("enrich: Options.Restore is %d, want RestoreAuto, RestoreOn or RestoreOff", o.Restore)
	}
	for _, kind := range o.Kinds {
		if kind != Access && kind != ID {
			return fmt.Errorf("enrich: Options.Kinds: unknown kind of token %q, want %q or %q", kind, Access, ID)
		}
	}
	return o.checkClaims()
}

func (o Options) checkClaims() error {
	fields := map[string]string{} // from the name of a claim to its field
	for _, claim := range []struct{ field, name string }{
		{"Claim", o.Claim}, {"Freshness", o.Freshness}, {"ReadAt", o.ReadAt},
	} {
		if claim.name == "" {
			continue
		}
		if err := CheckClaimName(claim.name); err != nil && !(o.AllowPrivilegedName && errors.Is(err, ErrPrivilegedName)) {
			return fmt.Errorf("enrich: Options.%s: %w", claim.field, err)
		}
		if other, ok := fields[claim.name]; ok {
			return fmt.Errorf("enrich: Options.%s and Options.%s are the same name, %q, want different names", claim.field, other, claim.name)
		}
		fields[claim.name] = claim.field
	}
	return nil
}

func (o Options) userIDPath() (jsonedit.Path, error) {
	path, err := jsonedit.ParsePath(o.UserID)
	if err != nil {
		return nil, fmt.Errorf("enrich: Options.UserID: %w", err)
	}
	return path, nil
}
