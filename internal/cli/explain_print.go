package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// An explanationPrinter prints a [sidecar.UserExplanation] for people.
type explanationPrinter struct{ trialPrinter }

func (p explanationPrinter) explanation(cfg *config.Config, e *sidecar.UserExplanation) {
	p.line("source:   %s", e.Source)
	field := fmt.Sprintf("claim %s, field %s (user_id_type: %s)", e.Claim, e.Field, e.FieldType)
	if e.Issuer != "" {
		field += fmt.Sprintf(", field %s with the issuer %s", cfg.Documents.UserIDIssuer, e.Issuer)
	}
	p.line("lookup:   %s", printable(field))
	for _, one := range e.As {
		if len(e.As) > 1 {
			p.line("\nif the id is a %s in the token:", one.ClaimType)
		}
		p.user(cfg, one)
		p.cache(one.Cache)
	}
	if e.As[0].Cache == nil {
		p.line("cache:    not known, because no sidecar answers for this configuration at its admin address")
	}
}

func (p explanationPrinter) user(cfg *config.Config, e sidecar.ExplainedUser) {
	if !e.Found {
		p.line("document: none: no document has this id in this field")
		for _, near := range e.NearMisses {
			p.line("hint:     %s", printable(near.Text))
		}
		return
	}
	p.line("document: found, the id has the type %s", e.MatchedType)
	if e.DocumentID != "" {
		p.line("_id:      %s", printable(e.DocumentID))
	}
	if e.Documents > 1 {
		p.line("warning:  the user has %s documents. This one counts, because %s. Delete the others, and make a unique index", atMost(e.Documents), e.Why)
	}
	if e.Error != "" {
		p.line("error:    %s", printable(e.Error))
	}
	p.sizes(cfg, e)
	for _, field := range e.Fields {
		p.field("field", field)
	}
	for _, field := range e.LeftOut {
		p.field("left out", field)
	}
	for _, secret := range e.Credentials {
		p.line("warning:  %s looks like a credential. %s", printable(secret.Path), printable(secret.Advice))
	}
}

// atMost returns a count, which is not exact if it is large.
func atMost(n int) string {
	if n >= 100 {
		return "100 or more"
	}
	return fmt.Sprint(n)
}

func (p explanationPrinter) sizes(cfg *config.Config, e sidecar.ExplainedUser) {
	if e.Document == nil {
		return
	}
	over := func(s sidecar.TriedSize) string {
		if s.Size > s.Limit {
			return " (too large, so such tokens pass without the claim: too_large)"
		}
		return ""
	}
	p.line("claim:    %s, %d of %d bytes as JSON, %d %% (%s)%s", cfg.Claim.Name, e.Document.Size, e.Document.Limit, e.Document.Percent, e.Document.Setting, over(*e.Document))
	var shares []string
	for _, size := range e.Token {
		shares = append(shares, fmt.Sprintf("%d %% of the %d bytes for a %s%s", size.Percent, size.Limit, size.What, over(size)))
	}
	if len(e.Token) > 0 {
		p.line("token:    %d bytes longer: %s. What restores the original comes on top", e.Token[0].Size, strings.Join(shares, ", "))
	}
}

func (p explanationPrinter) field(label string, f sidecar.ExplainedField) {
	size := "     ?"
	if f.Bytes > 0 {
		size = fmt.Sprintf("%6d", f.Bytes)
	}
	text := []string{fmt.Sprintf("%-9s %s B  %s", label+":", size, f.Path)}
	if f.Type != "" {
		text = append(text, "("+f.Type+")")
	}
	if f.Why != "" {
		text = append(text, "by "+f.Why)
	}
	if f.Value != nil {
		text = append(text, "= "+string(f.Value))
	}
	p.line("%s", printable(strings.Join(text, " ")))
}

// cacheStates say what the states mean.
var cacheStates = map[string]string{
	"none":        "has nothing of this user",
	"fresh":       "has a document",
	"no_document": "remembers that there is no document",
	"expired":     "has a document that no login gets any more, because its token has expired",
	"invalidated": "has a document that no login gets any more, because it may have changed",
}

func (p explanationPrinter) cache(c *sidecar.CacheState) {
	if c == nil {
		return
	}
	text := "the running sidecar " + cacheStates[c.State]
	if c.ReadAt != nil {
		text += fmt.Sprintf(", read %s ago, for tokens that expire until %s, %d bytes",
			time.Duration(c.AgeSeconds)*time.Second, c.KeepUntil.UTC().Format(time.RFC3339), c.DocumentBytes)
	}
	p.line("cache:    %s", text)
}
