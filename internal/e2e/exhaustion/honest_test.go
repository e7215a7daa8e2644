package exhaustion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const (
	honestPrefix = "honest-"
	honestUsers  = 16
	honestRate   = 30 // logins and refreshes a second
	patience     = 30 * time.Second
)

// honest are users who log in and refresh their tokens as long as a test runs. They
// check each answer.
type honest struct {
	program *program
	backend *backend
	keys    []byte // the merged JWKS

	mu      sync.Mutex
	during  string // the attack that is on
	asking  map[string]int
	results map[string]*experience
}

// An experience is what honest users get during an attack.
type experience struct {
	took       []time.Duration // of answers with an enriched token
	overloaded int             // answers with status 503
	closed     int             // connections that were closed without an answer
	originals  int             // tokens without the document, because MongoDB was too slow
	failed     []string        // other failures
}

// A session is what a user has of one login.
type session struct {
	user, refresh string
	left          int // refreshes until the next login
	kept          *http.Client
}

// start makes requests until ctx ends, and then waits for the last answers.
func (h *honest) start(ctx context.Context, t *testing.T) (wait func()) {
	sessions := make(chan *session, honestUsers)
	for i := range honestUsers {
		sessions <- &session{user: fmt.Sprint(honestPrefix, i), kept: h.program.newClient()}
	}
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Second / honestRate)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			select {
			case s := <-sessions:
				running.Go(func() { h.step(t, s); sessions <- s })
			default: // all users wait for an answer
			}
		}
	})
	return running.Wait
}

// step makes the next request of a session. A login uses a new connection.
func (h *honest) step(t *testing.T, s *session) {
	during := h.begin()
	form, path := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}}, "/token"
	if s.left == 0 {
		s.kept.CloseIdleConnections()
		form, path = url.Values{"user": {s.user}}, "/login"
	}
	start := time.Now()
	status, next, err := h.ask(t, s, during, path, form)
	h.end(during, status, err, time.Since(start))
	switch {
	case next != "":
		h.backend.receive(next)
		s.refresh = next
		s.left = (s.left + 5) % 6
	case status != http.StatusServiceUnavailable:
		s.left = 0 // a refresh token that was sent may be used up
	}
}

// ask makes a request, checks the answer, and returns the new refresh token.
func (h *honest) ask(t *testing.T, s *session, during, path string, form url.Values) (status int, refresh string, err error) {
	request, err := http.NewRequest(http.MethodPost, h.program.url(path), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("During", during)
	response, err := s.kept.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return response.StatusCode, "", fmt.Errorf("%s: status %d, error %v, %s", path, response.StatusCode, err, bytes.TrimSpace(body))
	}
	var answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return response.StatusCode, "", err
	}
	return response.StatusCode, answer.Refresh, h.verify(t, answer.Access, s.user)
}

var errOriginal = errors.New("the token has no document")

func (h *honest) verify(t *testing.T, token, user string) error {
	claims, err := enrichtest.VerifyToken(t, h.keys, token)
	switch {
	case err != nil:
		return err
	case !strings.Contains(claims, `"custom_data"`):
		return errOriginal
	case !strings.Contains(claims, `"about":"`+user+`"`):
		return fmt.Errorf("the token of %s has another document: %s", user, claims)
	}
	return nil
}

func (h *honest) begin() (during string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking[h.during]++
	return h.during
}

func (h *honest) end(during string, status int, err error, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking[during]--
	got := h.results[during]
	if got == nil {
		got = &experience{}
		h.results[during] = got
	}
	switch {
	case err == nil:
		got.took = append(got.took, took)
	case status == http.StatusServiceUnavailable:
		got.overloaded++
	case status == 0 && !e2e.IsTimeout(err):
		got.closed++
	case errors.Is(err, errOriginal):
		got.originals++
	default:
		got.failed = append(got.failed, err.Error())
	}
}

// attacked says which attack is on. It returns when all requests that began during the
// one before have an answer.
func (h *honest) attacked(t *testing.T, by string) {
	h.mu.Lock()
	before := h.during
	h.during = by
	h.mu.Unlock()
	e2e.Eventually(t, "honest users have all their answers", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.asking[before] == 0
	})
}

// leastRequests is how many requests of honest users an attack must last for. On a busy
// machine the users can be slow to send them.
const leastRequests = 15

// awaitRequests waits until that many have been sent during an attack, or ctx ends.
func (h *honest) awaitRequests(ctx context.Context, during string) {
	for h.sent(during) < leastRequests && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

func (h *honest) sent(during string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.results[during] == nil {
		return h.asking[during]
	}
	return h.asking[during] + h.results[during].all()
}

// experienced returns what users got during an attack.
func (h *honest) experienced(during string) experience {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.results[during] == nil {
		return experience{}
	}
	e := *h.results[during]
	e.took = slices.Sorted(slices.Values(e.took))
	return e
}

// all returns how many requests there were.
func (e experience) all() int {
	return len(e.took) + e.overloaded + e.closed + e.originals + len(e.failed)
}

// answered returns the percentage of requests that got an enriched token.
func (e experience) answered() int { return 100 * len(e.took) / max(1, e.all()) }

// percentile returns how long the given percentage of the answers took at most.
func (e experience) percentile(p int) time.Duration {
	if len(e.took) == 0 {
		return 0
	}
	return e.took[(len(e.took)-1)*p/100]
}
