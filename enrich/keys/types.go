package keys

import (
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// checkType checks typ, so that a token of one kind is not taken for another (RFC 8725,
// section 3.11).
func (r *Ring) checkType(t *enrich.Token) error {
	if len(r.types) == 0 {
		return nil
	}
	if typ, ok := t.Type(); ok && r.types[mediaType(typ)] {
		return nil
	}
	return r.typeMismatch(t)
}

func mediaTypes(types []string) map[string]bool {
	set := map[string]bool{}
	for _, typ := range types {
		set[mediaType(typ)] = true
	}
	return set
}

// mediaType returns a typ in lower case and without the prefix application/, which is
// left out of a typ that has no other slash (RFC 7515, section 4.1.9).
func mediaType(typ string) string {
	typ = strings.ToLower(typ)
	if short, ok := strings.CutPrefix(typ, "application/"); ok && short != "" && !strings.Contains(short, "/") {
		return short
	}
	return typ
}
