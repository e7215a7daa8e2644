package proxy

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// headerNames are the names of response headers as the backend spells them, such as
// WWW-Authenticate. The transport of net/http forgets the spelling: it has Www-Authenticate
// (RFC 9110, section 5.1, says that case does not matter, but some clients disagree). If
// the backend spells a name in several ways, this has the first one.
type headerNames struct {
	mu    sync.Mutex // for writing
	table atomic.Pointer[nameTable]
}

// A nameTable is what is known about the names. It never changes.
type nameTable struct {
	seen      map[string]bool   // names that are not canonical
	spellings map[string]string // the first of them, by the canonical name
}

// maxNames limits how many spellings are remembered. A real backend has about 30 names.
const maxNames = 256

// serverNames are names that the server of net/http needs in their canonical form, because
// it makes the framing of the response from them.
var serverNames = []string{"Connection", "Content-Length", "Trailer", "Transfer-Encoding"}

func newHeaderNames() *headerNames {
	names := &headerNames{}
	names.table.Store(&nameTable{})
	return names
}

// learn remembers the spelling of a name. It is called for every line of every response, so
// it does nothing for a name that is canonical or known.
func (n *headerNames) learn(name []byte) {
	if isCanonical(name) {
		return
	}
	if table := n.table.Load(); !table.seen[string(name)] && len(table.seen) < maxNames {
		n.add(string(name))
	}
}

func (n *headerNames) add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	table := *n.table.Load()
	table.seen = with(table.seen, name, true)
	canonical := http.CanonicalHeaderKey(name)
	_, known := table.spellings[canonical]
	if canonical != name && !known && !slices.Contains(serverNames, canonical) {
		table.spellings = with(table.spellings, canonical, name)
	}
	n.table.Store(&table)
}

// with returns a copy of a map with one more entry.
func with[V any](all map[string]V, key string, value V) map[string]V {
	all = maps.Clone(all)
	if all == nil {
		all = map[string]V{}
	}
	all[key] = value
	return all
}

// apply gives a header the spelling of the backend.
func (n *headerNames) apply(h http.Header) {
	spellings := n.table.Load().spellings
	if len(spellings) == 0 {
		return
	}
	for name, values := range h {
		spelling, ok := spellings[name]
		if !ok || values == nil {
			continue
		}
		delete(h, name)
		if name == "Content-Type" || name == "Date" {
			h[name] = nil // so that net/http does not add another one
		}
		h[spelling] = values
	}
}

// isCanonical reports whether a name is in the form of [http.CanonicalHeaderKey].
func isCanonical(name []byte) bool {
	first := true
	for _, c := range name {
		if first && 'a' <= c && c <= 'z' || !first && 'A' <= c && c <= 'Z' {
			return false
		}
		first = c == '-'
	}
	return true
}
