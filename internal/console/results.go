package console

import (
	"crypto/rand"
	"sync"

	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// results keeps what a change has done until the page after the redirect shows it once.
// It keeps the last few, because a person may never follow the redirect.
type results struct {
	mu    sync.Mutex
	byID  map[string]h.Node
	order []string
}

const keptResults = 32

func newResults() *results { return &results{byID: map[string]h.Node{}} }

// add returns the id of a result.
func (r *results) add(result h.Node) (id string) {
	id = rand.Text()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID[id] = result
	r.order = append(r.order, id)
	if len(r.order) > keptResults {
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
	return id
}

// take returns a result once, or nil.
func (r *results) take(id string) h.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := r.byID[id]
	delete(r.byID, id)
	return result
}

// done redirects to a page, which shows the result.
func (c *console) done(name string, result h.Node) *page {
	return redirected(name + "?done=" + c.results.add(result))
}

// result returns what the last change has done, or nil.
func (c *console) result(q *request) h.Node { return c.results.take(q.Form.Get("done")) }
