package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// describe describes a token and its outcome.
func (t *trier) describe(ctx context.Context, issued enrich.Issued, outcome enrich.Outcome) TriedToken {
	tried := TriedToken{Kind: issued.Kind, Reason: outcome.Reason, Before: TextOf(issued.Raw)}
	if outcome.Raw != issued.Raw {
		after := TextOf(outcome.Raw)
		after.Token = outcome.Raw
		tried.After = &after
	}
	cause := outcome.Err
	if token, err := enrich.ParseToken(issued.Raw); err == nil {
		tried.Verified = t.verified(token)
		if tried.looksUp() && slices.Contains(kindsOf(t.cfg.Claim), issued.Kind) {
			lookup, why := t.lookup(ctx, token, outcome)
			tried.Lookup = lookup
			if why != nil {
				cause = why
			}
		}
	}
	if cause != nil {
		tried.Cause = cause.Error()
	}
	tried.Hints = append(enrichedHint(tried.Before), t.hints(tried, outcome.Err)...)
	if size, ok := documentSize(tried, outcome, t.cfg); ok {
		tried.Sizes = append(tried.Sizes, size)
	}
	return tried
}

// TextOf takes a token apart. It does not verify it.
func TextOf(raw string) TriedText {
	text := TriedText{Bytes: len(raw)}
	token, err := enrich.ParseToken(raw)
	if err != nil {
		text.Error = err.Error()
		return text
	}
	text.Header = token.Header()
	for name, value := range token.Claims() {
		// Name, quotes, colon and comma; base64 writes 4 bytes for 3.
		text.Claims = append(text.Claims, TriedClaim{Name: name, Bytes: inBase64(len(name) + len(value) + len(`"":,`)), Value: value})
	}
	return text
}

// inBase64 returns the size of bytes in a token.
func inBase64(n int) int { return n * 4 / 3 }

// looksUp reports whether the token was verified, so that its user was looked up.
func (t TriedToken) looksUp() bool {
	switch t.Reason {
	case enrich.NotOurs, enrich.BadToken, enrich.Opaque:
		return false
	}
	return t.Verified.Key != ""
}

// verified says how a token is verified.
func (t *trier) verified(token *enrich.Token) *TriedVerified {
	v := &TriedVerified{
		Algorithm: token.Algorithm, KeyID: token.KeyID, Key: t.ring.Which(token),
		Issuers: t.cfg.Verify.Issuer, Audiences: t.cfg.Verify.Audience,
	}
	if len(v.Issuers) == 0 && t.discovery != nil {
		v.Issuers = []string{t.discovery.Issuer}
	}
	json.Unmarshal(token.Claim("iss"), &v.Issuer)
	var one string
	switch aud := token.Claim("aud"); {
	case aud == nil, json.Unmarshal(aud, &v.Audience) == nil:
	case json.Unmarshal(aud, &one) == nil:
		v.Audience = []string{one}
	}
	return v
}

// undoClaim is the claim of enriched tokens from which the original is restored.
const undoClaim = "tgr"

// enrichedHint says that a token was enriched before.
func enrichedHint(before TriedText) []string {
	if !slices.ContainsFunc(before.Claims, func(claim TriedClaim) bool { return claim.Name == undoClaim }) {
		return nil
	}
	return []string{"This token is enriched already: it has the claim " + undoClaim + ". Try the one that the backend issued."}
}

// hints says what to do about a reason. err is that of the outcome.
func (t *trier) hints(tried TriedToken, err error) []string {
	switch tried.Reason {
	case enrich.OK, "":
		return nil
	case enrich.NoDocument:
		return t.noDocumentHints(tried, err)
	case enrich.Opaque:
		return []string{"This is not a signed JWT, so serve forwards it unchanged."}
	}
	var advisor interface{ Advice() string }
	if errors.As(err, &advisor) && advisor.Advice() != "" {
		return []string{advisor.Advice()}
	}
	switch {
	case tried.Reason == enrich.NotOurs:
		return []string{"If the backend issued this token, check verify.issuer, verify.audience, and whether verify names the keys that the backend signs with."}
	case errors.Is(err, enrich.ErrTime):
		return []string{"Try a token that the backend has just issued. If this is one, set the clocks of the backend and of this machine; verify.leeway allows for a small difference."}
	case tried.Reason == enrich.TooLarge:
		return []string{"Name fewer fields in claim.include, or raise the limit that the sizes name."}
	case tried.Reason == enrich.Unavailable:
		return []string{"`tokengraft check` says whether the documents and the backend's keys can be read."}
	}
	return []string{"docs/failures.md says what to do about each reason."}
}

// noDocumentHints says what to do if the user of a token has no document.
func (t *trier) noDocumentHints(tried TriedToken, err error) []string {
	d := t.cfg.Documents
	var hints []string
	if missing, ok := errors.AsType[*enrich.NoDocumentError](err); ok && !missing.Usable {
		hints = []string{missing.Advice()}
	} else {
		hints = []string{fmt.Sprintf("There is no document whose field %s has the value of the claim %s. If there should be one, check documents.user_id_claim, user_id_field and user_id_type.", d.UserIDField, d.UserIDClaim)}
	}
	if tried.Lookup != nil {
		if tried.Lookup.missing != "" {
			hints = append(hints, sentenceOf(tried.Lookup.missing))
		}
		for _, near := range tried.Lookup.NearMisses {
			hints = append(hints, near.Text)
		}
	}
	return hints
}

// sentenceOf makes a sentence of a warning.
func sentenceOf(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// documentSize returns the size of the document, as JSON.
func documentSize(tried TriedToken, outcome enrich.Outcome, cfg *config.Config) (TriedSize, bool) {
	const what, setting = "document", "claim.max_size"
	if tooLarge, ok := errors.AsType[*enrich.SizeError](outcome.Err); ok && tooLarge.What == "document" {
		return sizeOf(what, tooLarge.Size, tooLarge.Limit, setting), true
	}
	if tried.After == nil || tried.Lookup == nil || !tried.Lookup.Found {
		return TriedSize{}, false
	}
	for _, claim := range tried.After.Claims {
		if claim.Name == cfg.Claim.Name {
			return sizeOf(what, len(claim.Value), int(cfg.Claim.MaxSize), setting), true
		}
	}
	return TriedSize{}, false
}

// hasSize reports whether the size of the enriched token is known.
func hasSize(raw string, outcome enrich.Outcome) bool {
	tooLarge, ok := errors.AsType[*enrich.SizeError](outcome.Err)
	return outcome.Raw != raw || ok && tooLarge.What == "enriched token"
}

// enrichedSize returns the size of the enriched token, or the size that it would have.
func enrichedSize(outcome enrich.Outcome) int {
	if tooLarge, ok := errors.AsType[*enrich.SizeError](outcome.Err); ok && tooLarge.What == "enriched token" {
		return tooLarge.Size
	}
	return len(outcome.Raw)
}

// sizesAt returns the sizes at each place of a token.
func (t *trier) sizesAt(found []locate.Occurrence, raw string, outcome enrich.Outcome) (sizes []TriedSize) {
	if !hasSize(raw, outcome) {
		return nil
	}
	limits := locate.Limits{Token: int(t.cfg.Claim.MaxTokenSize), Line: int(t.cfg.Claim.MaxHeaderSize)}
	for _, f := range found {
		if f.Token != raw {
			continue
		}
		setting := "claim.max_token_size"
		if f.Overhead > 0 {
			setting = "claim.max_header_size"
		}
		if limit := f.Budget(limits) + f.Overhead; f.Overhead > 0 && limit > cookieLimit && limit != limits.Line {
			setting = "limit of browsers"
		}
		sizes = append(sizes, sizeOf(f.Location.String(), f.Overhead+enrichedSize(outcome), f.Budget(limits)+f.Overhead, setting))
	}
	return sizes
}

// cookieLimit is the largest cookie that browsers keep (RFC 6265, section 6.1).
const cookieLimit = 4096

// sizesIn returns the sizes of a token of which the place is not known.
func sizesIn(size int, c config.Claim) []TriedSize {
	line := int(c.MaxHeaderSize)
	sizes := []TriedSize{
		sizeOf("body", size, int(c.MaxTokenSize), "claim.max_token_size"),
		sizeOf("header line", size, line, "claim.max_header_size"),
	}
	if line <= cookieLimit {
		return append(sizes, sizeOf("cookie", size, line, "claim.max_header_size"))
	}
	return append(sizes, sizeOf("cookie", size, cookieLimit, "limit of browsers"))
}
