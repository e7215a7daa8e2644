package sidecar

import (
	"errors"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// An effectTrial collects what a draft makes of past logins.
type effectTrial struct {
	current, draft *config.Config
	// overhead is what enriching adds to a token besides the claim, from the logins.
	overhead  int
	guessed   bool // no login shows the overhead
	reasons   reasonCounts
	documents sizes
	inBody    sizes
	inHeader  sizes
	unread    int
}

func newTrial(current, draft *config.Config, logins []pastLogin) *effectTrial {
	t := &effectTrial{current: current, draft: draft, reasons: reasonCounts{}}
	var known []int
	for _, login := range logins {
		for _, token := range login.tokens {
			if n, ok := t.overheadOf(token); ok {
				known = append(known, n)
			}
		}
	}
	t.guessed = len(known) == 0
	t.overhead = median(known)
	return t
}

// overheadOf returns what enriching has added to a token besides the claim: another
// signature, and what restores the original.
func (t *effectTrial) overheadOf(token pastToken) (n int, known bool) {
	if token.document == 0 || token.after <= token.before {
		return 0, false
	}
	return token.after - token.before - addedBytes(t.current.Claim, token.document), true
}

// add adds a login, whose user has this document with the draft.
func (t *effectTrial) add(login pastLogin, document lookedUp) {
	then := make([]enrich.Reason, len(login.tokens))
	for i, token := range login.tokens {
		then[i] = t.reasonThen(token, document)
	}
	blockAll(then)
	for i, token := range login.tokens {
		t.reasons.add(token.reason, then[i])
		t.addSizes(token, then[i], document)
	}
}

// reasonThen returns the reason that a token would have, apart from the other tokens of its
// response. It is empty for a token that is not counted.
func (t *effectTrial) reasonThen(token pastToken, document lookedUp) enrich.Reason {
	switch token.reason {
	case enrich.Opaque, enrich.NotOurs, enrich.BadToken, enrich.KeyBound, enrich.Rejected, enrich.Canceled, enrich.NotFound, enrich.SignFailed:
		if t.draft.Claim.Enabled {
			return token.reason
		}
		return ""
	}
	switch {
	case t.draft.Claim.Enabled && t.neverHasClaim(token):
		return token.reason
	case !t.draft.Claim.Enabled, !slices.Contains(kindsOf(t.draft.Claim), token.kind):
		return ""
	case errors.Is(document.err, enrich.ErrNoDocument):
		return enrich.NoDocument
	case document.err != nil:
		t.unread++
		return enrich.Unavailable
	case document.size > int(t.draft.Claim.MaxSize), t.sizeThen(token, document) > t.budgetThen(token):
		return enrich.TooLarge
	}
	return enrich.OK
}

// neverHasClaim reports whether a token has no claim, now and then. Another token of its
// response can change it all the same: an id_token with at_hash is signed again.
func (t *effectTrial) neverHasClaim(token pastToken) bool {
	return !slices.Contains(kindsOf(t.current.Claim), token.kind) && !slices.Contains(kindsOf(t.draft.Claim), token.kind)
}

// blockAll gives the tokens of a response that would be enriched the reason of one that
// blocks them: all are enriched or none (law C1).
func blockAll(reasons []enrich.Reason) {
	i := slices.IndexFunc(reasons, enrich.Reason.Blocks)
	if i < 0 {
		return
	}
	for j, reason := range reasons {
		if reason == enrich.OK {
			reasons[j] = reasons[i]
		}
	}
}

// sizeThen returns the size of the enriched token.
func (t *effectTrial) sizeThen(token pastToken, document lookedUp) int {
	overhead := t.overhead
	if n, ok := t.overheadOf(token); ok {
		overhead = n
	}
	return token.before + overhead + addedBytes(t.draft.Claim, document.size)
}

// budgetThen returns how large the token may be at its place.
func (t *effectTrial) budgetThen(token pastToken) int {
	if token.inBody {
		return int(t.draft.Claim.MaxTokenSize)
	}
	// The rest of the line stays. A cookie has a limit of its own.
	return min(token.budget+max(0, int(t.draft.Claim.MaxHeaderSize-t.current.Claim.MaxHeaderSize)), int(t.draft.Claim.MaxHeaderSize))
}

func (t *effectTrial) addSizes(token pastToken, then enrich.Reason, document lookedUp) {
	if token.document > 0 {
		t.documents.now = append(t.documents.now, token.document)
	}
	size := token.before
	switch {
	case then == enrich.OK && t.neverHasClaim(token):
		size = token.after
	case then == enrich.OK:
		size = t.sizeThen(token, document)
	}
	if document.size > 0 && then != "" && !t.neverHasClaim(token) {
		t.documents.then = append(t.documents.then, document.size)
	}
	at := &t.inHeader
	if token.inBody {
		at = &t.inBody
	}
	at.now, at.then = append(at.now, token.after), append(at.then, size)
}

func (t *effectTrial) sizeList() []adminapi.SizeEffect {
	c := t.draft.Claim
	all := []adminapi.SizeEffect{}
	for _, one := range []struct {
		what, setting string
		sizes         sizes
		limit         config.Size
	}{
		{"documents", "claim.max_size", t.documents, c.MaxSize},
		{"tokens in bodies", "claim.max_token_size", t.inBody, c.MaxTokenSize},
		{"tokens in headers and cookies", "claim.max_header_size", t.inHeader, c.MaxHeaderSize},
	} {
		if len(one.sizes.now)+len(one.sizes.then) == 0 {
			continue
		}
		all = append(all, adminapi.SizeEffect{
			What: one.what, MedianNow: median(one.sizes.now), MedianThen: median(one.sizes.then),
			MaxNow: largest(one.sizes.now), MaxThen: largest(one.sizes.then), Limit: int(one.limit), Setting: one.setting,
		})
	}
	return all
}

// sizes are sizes in bytes, with the running configuration and with the draft.
type sizes struct{ now, then []int }

func median(sizes []int) int {
	if len(sizes) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(sizes))
	return sorted[len(sorted)/2]
}

func largest(sizes []int) int {
	if len(sizes) == 0 {
		return 0
	}
	return slices.Max(sizes)
}

// reasonCounts count tokens by their reasons, now and then.
type reasonCounts map[enrich.Reason]*adminapi.ReasonEffect

func (c reasonCounts) of(reason enrich.Reason) *adminapi.ReasonEffect {
	if c[reason] == nil {
		c[reason] = &adminapi.ReasonEffect{Reason: string(reason)}
	}
	return c[reason]
}

// add counts a token. The empty reason is not counted, as in metrics.
func (c reasonCounts) add(now, then enrich.Reason) {
	if now != "" {
		c.of(now).Now++
	}
	if then != "" {
		c.of(then).Then++
	}
}

// list returns the counts, ok first, then by name.
func (c reasonCounts) list() []adminapi.ReasonEffect {
	all := []adminapi.ReasonEffect{}
	for _, counted := range c {
		all = append(all, *counted)
	}
	slices.SortFunc(all, func(a, b adminapi.ReasonEffect) int {
		switch {
		case a.Reason == b.Reason:
			return 0
		case a.Reason == string(enrich.OK), b.Reason != string(enrich.OK) && a.Reason < b.Reason:
			return -1
		}
		return 1
	})
	return all
}
