package hooks_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
)

func TestWebhook_DoesNotFollowRedirects(t *testing.T) {
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the target of the redirect got the user's data, want no request there")
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		hook := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		defer hook.Close()
		h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL, Secret: "hunter2"}}})
		err := h.Create(t.Context(), signIn("anna"))
		if got := outcomeOf(err); got != undecided {
			t.Errorf("webhook that answers %d: Create: %s (%v), want %s", status, got, err, undecided)
		}
	}
}

func TestWebhook_ReturnsOrInsertsTheDocument(t *testing.T) {
	for _, test := range []struct {
		name, body string
		status     int
		want       string // in the document
		outcome    string
		message    string // of a rejection
	}{
		{"returns it", `{"lang":"en"}`, 200, `"lang":"en"`, createdOne, ""},
		{"says that it has inserted it", ``, 204, "", none, ""},
		{"refuses", `{"error":"not invited"}`, 403, "", rejected, "not invited"},
		{"refuses as a wrong request", `{"error":"not invited"}`, 400, "", rejected, "not invited"},
		{"refuses without a word", ``, 403, "", rejected, "the user could not be created"},
		{"refuses with another kind of word", `{"error":{"code":1}}`, 403, "", rejected, "the user could not be created"},
		{"does not know the secret", ``, 401, "", undecided, ""},
		{"is somewhere else", `not found`, 404, "", undecided, ""},
		{"fails", `<html>`, 500, "", undecided, ""},
		{"fails in JSON", `{"error":"Internal Server Error"}`, 500, "", undecided, ""},
		{"returns an array", `[1]`, 200, "", undecided, ""},
		{"returns too much", `{"a":"` + strings.Repeat("x", 2<<20) + `"}`, 200, "", undecided, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				var asked struct{ User struct{ ID string } }
				if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.User.ID != "anna" || r.Header.Get("Authorization") != "Bearer hunter2" {
					t.Errorf("the webhook got %+v (error %v) with Authorization %q, want anna and Bearer hunter2", asked, err, r.Header.Get("Authorization"))
				}
				rw.WriteHeader(test.status)
				_, _ = rw.Write([]byte(test.body))
			}))
			defer hook.Close()
			h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL, Secret: "hunter2"}}})
			err := h.Create(t.Context(), signIn("anna"))
			message := ""
			if rejection, ok := errors.AsType[*enrich.Rejection](err); ok {
				message = rejection.Message
			}
			outcome := outcomeOf(err)
			if got := w.document(t, "anna"); outcome != test.outcome || message != test.message || !strings.Contains(got, test.want) {
				t.Errorf("%s (%v), document %q, message %q; want %s, %q, %q", outcome, err, got, message, test.outcome, test.want, test.message)
			}
			if strings.Contains(w.log.String(), "anna") || strings.Contains(w.log.String(), "hunter2") {
				t.Errorf("the log: want neither the user id nor the secret, got %s", w.log)
			}
		})
	}
}

func TestWebhook_StopsAtTheTimeout(t *testing.T) {
	w := newWorld(t)
	hang := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer hook.Close()
	defer close(hang)
	h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Webhook: hooks.Webhook{URL: hook.URL}, Timeout: 50 * time.Millisecond}})
	if err := h.Create(t.Context(), signIn("anna")); outcomeOf(err) != undecided {
		t.Errorf("Create with a webhook that hangs: %s (%v), want %s", outcomeOf(err), err, undecided)
	}
}
