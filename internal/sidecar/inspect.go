package sidecar

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// maxPasted is the largest token that is inspected, in bytes.
const maxPasted = 64 << 10

// InspectToken implements [adminapi.Users]. It gives out neither an enriched token nor an
// original, and nothing that would help to make one from the other (law D2).
func (u users) InspectToken(ctx context.Context, peer adminapi.Peer, request adminapi.InspectRequest) (adminapi.Inspection, error) {
	raw := pastedToken(request.Token)
	switch {
	case raw == "":
		return adminapi.Inspection{}, invalid("Paste a token to inspect.")
	case len(raw) > maxPasted:
		return adminapi.Inspection{}, invalid(fmt.Sprintf("The token is larger than %d bytes.", maxPasted))
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisTimeout)
	defer cancel()
	g := u.current()
	for !g.documents.uses.acquire() { // a reload has replaced it
		g = u.current()
	}
	defer g.documents.uses.release()
	inspection, user, err := inspect(ctx, u.Sidecar, g, raw)
	if err != nil {
		return adminapi.Inspection{}, err
	}
	if !request.Values {
		for i := range inspection.Claims {
			inspection.Claims[i].Value = nil
		}
	}
	u.o.Logger.Info("inspected a token on the admin listener", "kind", inspection.Kind, "reason", inspection.Reason, "user", user, "values", request.Values, "peer", peer.Address)
	return inspection, nil
}

// pastedToken returns the token in what a person has pasted: without a scheme before it.
func pastedToken(text string) string {
	fields := strings.Fields(text)
	if len(fields) == 2 && strings.EqualFold(fields[0], "Bearer") {
		return fields[1]
	}
	return strings.Join(fields, "") // a terminal breaks long lines
}

// inspect describes a token, and says whose it is.
func inspect(ctx context.Context, s *Sidecar, g *generation, raw string) (adminapi.Inspection, enrich.User, error) {
	if original, ok := g.enricher.Restore(raw); ok {
		return inspectEnriched(g, raw, original), enrich.User{}, nil
	}
	token, err := enrich.ParseToken(raw)
	if err != nil {
		return adminapi.Inspection{
			Kind: "unreadable", Reason: string(enrich.Opaque), Cause: err.Error(), Before: len(raw),
			Restore: "It is not a signed JWT.", Hints: []string{}, Claims: []adminapi.InspectedClaim{}, Sizes: []adminapi.Size{},
		}, enrich.User{}, nil
	}
	return inspectOriginal(ctx, s, g, raw, token)
}

// inspectEnriched describes an enriched token, whose signature one of our keys verifies.
func inspectEnriched(g *generation, raw, original string) adminapi.Inspection {
	before, after := TextOf(original), TextOf(raw)
	i := adminapi.Inspection{
		Kind: "enriched", Verified: true, Hints: []string{}, Before: before.Bytes, After: after.Bytes,
		Restorable: true, Restore: "The backend gets back the original, byte for byte.",
		Claims: compareClaims(before, after), Sizes: sizesIn(after.Bytes, g.cfg.Claim),
	}
	if !g.cfg.Restores() {
		i.Restorable, i.Restore = false, "It could be restored, but restore is off, so the backend gets it as it is."
	}
	if token, err := enrich.ParseToken(raw); err == nil {
		i.KeyID, i.Alg = token.KeyID, token.Algorithm
		i.Key = "a key of sign.keys"
		if g.ring.Which(token) != "" {
			i.Key = g.ring.Which(token)
		}
		i.Expires = expiryOf(token)
	}
	return i
}

// inspectOriginal describes any other token, and what enriching it now would make of it. It
// runs no hooks, and counts nothing.
func inspectOriginal(ctx context.Context, s *Sidecar, g *generation, raw string, token *enrich.Token) (adminapi.Inspection, enrich.User, error) {
	o := g.enricherOptions(s)
	o.Source, o.Meter, o.Logger = g.documents.source, noop.Meter{}, slog.New(slog.DiscardHandler)
	enricher, err := enrich.New(o)
	if err != nil {
		return adminapi.Inspection{}, enrich.User{}, err
	}
	t := &trier{g}
	issued := enrich.Issued{Raw: raw, Kind: kindsOf(g.cfg.Claim)[0], Budget: int(g.cfg.Claim.MaxTokenSize)}
	outcome := enricher.Enrich(ctx, enrich.Grant{Answered: time.Now(), Cause: enrich.CauseRefresh, Shadow: true, Tokens: []enrich.Issued{issued}})[0]
	tried := t.describe(ctx, issued, outcome)
	i := adminapi.Inspection{
		Kind: "original", Reason: string(outcome.Reason), Cause: tried.Cause, Hints: noNil(tried.Hints),
		KeyID: token.KeyID, Alg: token.Algorithm, Expires: expiryOf(token), Before: len(raw),
		Claims: []adminapi.InspectedClaim{}, Sizes: tried.Sizes, Restore: "It is not enriched, so there is nothing to restore.",
	}
	if tried.Verified != nil {
		i.Key = tried.Verified.Key
	}
	i.Verified = i.Key != "" && outcome.Reason != enrich.BadToken && outcome.Reason != enrich.NotOurs
	after := tried.Before
	if tried.After != nil {
		after, i.After = *tried.After, tried.After.Bytes
		i.Sizes = append(i.Sizes, sizesIn(i.After, g.cfg.Claim)...)
		i.Restorable = hasClaim(after, undoClaim)
	}
	if i.Restorable {
		i.Restore = "Once it is enriched, the backend gets back this token, byte for byte."
	}
	if i.Sizes == nil {
		i.Sizes = []adminapi.Size{}
	}
	i.Claims = compareClaims(tried.Before, after)
	if enricher.IsEnriched(raw) {
		i.Kind, i.Restore = "enriched", "It is signed with a key of sign.keys, but has no record from which the original could be restored."
	}
	return i, outcome.User, nil
}

func expiryOf(token *enrich.Token) *time.Time {
	if expires, ok := token.Date("exp"); ok {
		return &expires
	}
	return nil
}

func hasClaim(text TriedText, name string) bool {
	return slices.ContainsFunc(text.Claims, func(c TriedClaim) bool { return c.Name == name })
}

// compareClaims compares the claims of an original with those of the enriched token. Claims
// that enriching adds have their values, except for the record that restores the original.
func compareClaims(before, after TriedText) []adminapi.InspectedClaim {
	claims := []adminapi.InspectedClaim{}
	for _, b := range before.Claims {
		claim := adminapi.InspectedClaim{Name: b.Name, Change: "removed", Before: b.Bytes}
		for _, a := range after.Claims {
			if a.Name != b.Name {
				continue
			}
			claim.After, claim.Change = a.Bytes, "same"
			if !bytes.Equal(a.Value, b.Value) {
				claim.Change, claim.Value = "changed", a.Value
			}
		}
		claims = append(claims, claim)
	}
	for _, a := range after.Claims {
		if !hasClaim(before, a.Name) {
			claim := adminapi.InspectedClaim{Name: a.Name, Change: "added", After: a.Bytes, Value: a.Value}
			if a.Name == undoClaim {
				claim.Value = nil
			}
			claims = append(claims, claim)
		}
	}
	return claims
}
