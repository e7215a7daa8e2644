package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// A Forward says which headers the backend gets about the user of a request, and whether
// the user may send it.
type Forward struct {
	// Pattern matches its requests, as in [http.ServeMux]. As for rules, the most specific
	// pattern applies. Required.
	Pattern string
	// Names are the names of the headers that Headers may return. The proxy removes
	// headers and trailers of these names from every request of a client, whatever its
	// path, and in any spelling that a backend could take for them, such as X_User_ID.
	Names []string
	// Restricted says that Headers may refuse requests. Then a request that a lenient
	// backend could take for one of the pattern, because of the spelling of its path, is
	// 400. If it could do that because of the method, as with X-HTTP-Method-Override,
	// Headers has to permit the request, too.
	Restricted bool
	// Headers returns the headers for the backend. They replace all of the same name. The
	// request is the client's, before enriched tokens are restored and without what
	// Connection and Names remove; Headers must not change it or read its body. If the
	// error is [ErrForbidden], the client gets 403. With any other error, such as one
	// of the keys, the client gets 503. Required.
	Headers func(r *http.Request) (http.Header, error)
}

// ErrForbidden means that the user must not send a request.
var ErrForbidden = errors.New("the user must not send this request")

// forwards find the Forward of a request. The zero forwards find none.
type forwards struct {
	names     []string // of headers, as foldedName returns them
	rules     *Rules   // with the patterns; those that are restricted are gates
	byPattern map[string]*Forward
}

// newForwards returns the forwards. The error names each that is wrong.
func newForwards(all []Forward) (f forwards, err error) {
	if len(all) == 0 {
		return forwards{}, nil
	}
	f.byPattern = map[string]*Forward{}
	var rules []Rule
	var faults []error
	for _, forward := range all {
		if err := forward.validate(); err != nil {
			faults = append(faults, fmt.Errorf("proxy: Snapshot.Forwards: %q: %w", forward.Pattern, err))
		}
		rules = append(rules, Rule{Pattern: forward.Pattern, Gate: forward.Restricted})
		f.byPattern[forward.Pattern] = &forward
		for _, name := range forward.Names {
			f.names = append(f.names, foldedName(name))
		}
	}
	if f.rules, err = NewRules(rules); err != nil {
		faults = append(faults, fmt.Errorf("proxy: Snapshot.Forwards: %w", err))
	}
	slices.Sort(f.names)
	f.names = slices.Compact(f.names)
	return f, errors.Join(faults...)
}

// framing are headers that belong to the message, or to one connection.
var framing = []string{"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

func (f Forward) validate() error {
	if f.Headers == nil {
		return errors.New("it has no Headers")
	}
	for _, name := range f.Names {
		if name == "" || slices.Contains(framing, foldedName(name)) {
			return fmt.Errorf("the header %q cannot be one of Names", name)
		}
	}
	return nil
}

// strip removes the headers that only the proxy may send. It returns h itself if there are
// none.
func (f forwards) strip(h http.Header) http.Header {
	if len(f.names) == 0 {
		return h
	}
	var out http.Header
	for name := range h {
		if !f.has(name) {
			continue
		}
		if out == nil {
			out = h.Clone()
		}
		delete(out, name)
	}
	if out == nil {
		return h
	}
	return out
}

// stripTrailer removes the same fields from a trailer.
func (f forwards) stripTrailer(trailer http.Header) {
	if len(f.names) == 0 {
		return
	}
	for name := range trailer {
		if f.has(name) {
			delete(trailer, name)
		}
	}
}

// has reports whether a backend could take a name for one of the names.
func (f forwards) has(name string) bool {
	_, found := slices.BinarySearch(f.names, foldedName(name))
	return found
}

// foldedName returns a name as backends compare it that cannot tell - from _ or another
// character, because they put headers into the environment: CGI, and what followed it.
func foldedName(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		switch {
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case ('a' > c || c > 'z') && ('0' > c || c > '9'):
			folded[i] = '-'
		}
	}
	return string(folded)
}

// A forwarding is what applies to a request.
type forwarding struct {
	matched *Forward // whose headers the backend gets; nil if there is none
	// also are those that have to permit the request, because the backend could use another
	// method than that of the request.
	also []*Forward
	// misspelled is the pattern of a restricted one if the backend could take the path of
	// the request for one of it, and "" if not.
	misspelled string
}

// find returns what applies to a request.
func (f forwards) find(r *http.Request) (found forwarding) {
	matched := f.rules.match(r)
	found.matched = f.of(matched)
	if !f.rules.hasGates() {
		return found
	}
	methods := f.rules.otherMethods(r)
	others := f.rules.overriding(r, methods)
	for _, rule := range others {
		if rule != matched {
			found.also = append(found.also, f.of(rule))
		}
	}
	if other := f.rules.misspelled(r, append(methods, r.Method), matched, append(others, matched)); other != nil {
		found.misspelled = other.Pattern
	}
	return found
}

func (f forwards) of(rule *Rule) *Forward {
	if rule == nil {
		return nil
	}
	return f.byPattern[rule.Pattern]
}
