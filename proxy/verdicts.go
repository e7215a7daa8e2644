package proxy

// maxRestored limits how many different tokens of one request are tried (law B4). Real
// requests have one or two, but a form has room for thousands. Tokens that cannot be
// enriched ones, such as those of other services in cookies, do not count.
const maxRestored = 8

// verdicts has what became of the tokens of one request, so that each different token is
// tried once. The zero value, with an enricher, has none.
type verdicts struct {
	enricher Enricher
	of       map[string]verdict
}

type verdict struct {
	original string
	ok       bool
}

// restore returns the original of an enriched token. It returns false for any other, and
// for tokens over the limit.
func (v *verdicts) restore(token string) (original string, ok bool) {
	if !v.enricher.MayRestore(token) {
		return "", false
	}
	known, seen := v.of[token]
	if !seen && len(v.of) < maxRestored {
		known.original, known.ok = v.enricher.Restore(token)
		v.add(token, known)
	}
	return known.original, known.ok
}

// originals returns the tokens that were restored, by their originals.
func (v *verdicts) originals() map[string]string {
	var tokens map[string]string
	for token, of := range v.of {
		if !of.ok {
			continue
		}
		if tokens == nil {
			tokens = make(map[string]string, 1)
		}
		tokens[of.original] = token
	}
	return tokens
}

func (v *verdicts) add(token string, of verdict) {
	if v.of == nil {
		v.of = make(map[string]verdict, 1)
	}
	v.of[token] = of
}
