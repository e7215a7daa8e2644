package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/proxy"
)

// rejecting is an Enricher whose hooks reject every token.
type rejecting struct{ *fakeEnricher }

func (r rejecting) Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome {
	outcomes := r.fakeEnricher.Enrich(ctx, g)
	for i := range outcomes {
		outcomes[i].Err = fmt.Errorf("somewhere: %w", &enrich.Rejection{Code: "FunctionExecutionError", Message: `"anna" is not invited`})
	}
	return outcomes
}

// If a user's document could not be created, the client gets no token under any policy,
// and the reason in the backend's own format.
func TestRejection_RemovesTokensAndCookies(t *testing.T) {
	json := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: session=s.e.cret\nAccess-Control-Allow-Origin: *", `{"access_token":"a.b.c","refresh_token":"r.e.f"}`)
	redirect := answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token=a.b.c&refresh_token=r.e.f\nSet-Cookie: session=s.e.cret", "")
	for _, test := range []struct {
		name, answer string
		format       proxy.RejectionFormat
		policy       enrich.Policy
		wantStatus   int
		want         string
	}{
		{"OAuth", json, nil, enrich.Pass, 400, `{"error":"access_denied","error_description":"\"anna\" is not invited"}`},
		{"OAuth, refusing", json, nil, enrich.Refuse, 400, `{"error":"access_denied","error_description":"\"anna\" is not invited"}`},
		{"App Services", json, appservices.Rejection, enrich.Pass, 400, `{"error":"\"anna\" is not invited","error_code":"FunctionExecutionError"}`},
		{"redirect", redirect, nil, enrich.Pass, 403, `"urn:tokengraft:rejected"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rule(t, "POST /login", "json:access_token", "fragment:access_token")
			r.Rejection, r.OnFailure = test.format, test.policy
			s := setup{rules: []proxy.Rule{r}, snapshot: func(s *proxy.Snapshot) { s.Enricher = rejecting{newFakeEnricher(enrich.Rejected)} }}
			f, _ := startResponding(t, test.answer, s)
			res, body := f.ask(t, login)
			if res.StatusCode != test.wantStatus || !strings.Contains(body, test.want) {
				t.Errorf("got %d %s, want %d %s", res.StatusCode, body, test.wantStatus, test.want)
			}
			if all := fmt.Sprint(res.Header, body); strings.Contains(all, "a.b.c") || strings.Contains(all, "r.e.f") || strings.Contains(all, "s.e.cret") {
				t.Errorf("response = %s, want it without tokens and cookies of the backend", all)
			}
			if strings.Contains(f.log.String(), "anna") {
				t.Errorf("log:\n%s\nwant it without the user id anna", f.log)
			}
			if n := f.reason(t, enrich.Rejected); n != 1 {
				t.Errorf("rejected was counted %d times, want 1", n)
			}
		})
	}
}

func TestGrant_ProviderAndClientFollowFromTheRequest(t *testing.T) {
	for _, test := range []struct {
		target, lines, body string
		provider            string
		client              bool
	}{
		{"/auth/providers/local-userpass/login", jsonBody, `{"username":"a"}`, "local-userpass", false},
		{"/auth/providers/api-key/login?link=true", jsonBody, `{"key":"k"}`, "api-key", false},
		{"/token", form, "grant_type=client_credentials&client_id=c", "", true},
		{"/token", form, "grant_type=password&username=a", "", false},
	} {
		s := newFakeEnricher(enrich.OK)
		f, _ := startResponding(t, twoTokens, s.use(rule(t, "POST /auth/providers/{provider}/login", "json:access_token"), rule(t, "POST /token", "json:access_token")))
		f.ask(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\n\r\n%s", test.target, test.lines, len(test.body), test.body))
		if g := <-s.grants; g.Provider != test.provider || g.ClientCredentials != test.client {
			t.Errorf("%s %s: Provider = %q, ClientCredentials = %t; want %q, %t", test.target, test.body, g.Provider, g.ClientCredentials, test.provider, test.client)
		}
	}
}

func TestDeletion_ReportsTheBearerToken(t *testing.T) {
	for _, test := range []struct {
		request, answer string
		want            string
	}{
		{"DELETE /users/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a.b.c\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "a.b.c"},
		{"DELETE /users/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a.b.c\r\n\r\n", answer("HTTP/1.1 403 Forbidden", ""), "nothing"},
		{"DELETE /users/5 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a.b.c\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "nothing"},
		{"DELETE /users/me HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", ""},
	} {
		got := "nothing"
		f, _ := startResponding(t, test.answer, setup{
			rules:    []proxy.Rule{{Pattern: "DELETE /users/me", Deletes: true}},
			snapshot: func(s *proxy.Snapshot) { s.Deleted = func(_ context.Context, token string) { got = token } },
		})
		if res, _ := f.ask(t, test.request); res.StatusCode >= 500 {
			t.Fatalf("%q: got %s, want the backend's response", test.request, res.Status)
		}
		if got != test.want {
			t.Errorf("request %q, response %q: Deleted was called with %q, want %q", test.request, test.answer, got, test.want)
		}
	}
}
