package console

import (
	"crypto/rand"
	"sync"

	g "maragu.dev/gomponents"
)

// results keeps what a change has done until the page after the redirect shows it once.
// It keeps the last few, because a person may never follow the redirect.
type results struct {
	mu    sync.Mutex
	byID  map[string]g.Node
	order []string
}

const keptResults = 32

func newResults() *results { return &results{byID: map[string]g.Node{}} }

// add returns the id of a result.
func (r *results) add(result g.Node) (id string) {
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
func (r *results) take(id string) g.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := r.byID[id]
	delete(r.byID, id)
	return result
}

// done redirects to a page, which shows the result.
func (c *console) done(name string, result g.Node) *page {
	return redirected(name + "?done=" + c.results.add(result))
}

// result returns what the last change has done, or nil.
func (c *console) result(q *request) g.Node { return c.results.take(q.Form.Get("done")) }
