package discover_test

import (
	"net/http"
	"testing"

	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// express is a service in the manner of Express: tokens in an array of objects, the access
// token also in a cookie, an opaque value that extends the session, and a JWK Set where
// only its own clients look.
type express struct {
	service
	issuer *enrichtest.Issuer
}

const expressUser = "64b7f0aa5e1c2b3d4f5a6b7c"

func newExpress(t *testing.T) *express {
	s := &express{issuer: enrichtest.NewIssuer(t, "RS256")}
	s.start(t, map[string]http.HandlerFunc{
		"POST /api/auth/signin": s.signIn, "POST /api/auth/extend": s.extend, "GET /api/me": s.me, "POST /api/auth/signout": s.signOut,
		"GET /api/meta/signing-keys": func(w http.ResponseWriter, _ *http.Request) { w.Write(s.issuer.JWKS()) },
	})
	return s
}

const applicationJSON = "application/json; charset=utf-8"

func (s *express) answer(w http.ResponseWriter) {
	token := s.issue(s.issuer.Token(`{"sub":"` + expressUser + `","jti":"` + jti() + `",` + times() + `,"iss":"https://api.example","aud":"spa"}`))
	grip := s.issue("opaque-" + jti() + "-b5c1d0e9f8a7")
	http.SetCookie(w, &http.Cookie{Name: "at", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	sendJSON(w, applicationJSON, 200, `{"status":"success","result":{"credentials":[{"kind":"access","value":"%s"},{"kind":"extension","value":"%s"}]}}`, token, grip)
}

func (s *express) signIn(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Email, Password string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Email != "anna@example.com" || asked.Password != "correct horse" {
		sendJSON(w, applicationJSON, 401, `{"status":"fail"}`)
		return
	}
	s.answer(w)
}

func (s *express) extend(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Grip string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil || !s.revoke(asked.Grip) {
		sendJSON(w, applicationJSON, 401, `{"status":"fail"}`)
		return
	}
	s.answer(w)
}

func (s *express) me(w http.ResponseWriter, r *http.Request) {
	token := bearer(r)
	if c, err := r.Cookie("at"); token == "" && err == nil {
		token = c.Value
	}
	if !s.isIssued(token) {
		sendJSON(w, applicationJSON, 401, `{"status":"fail"}`)
		return
	}
	sendJSON(w, applicationJSON, 200, `{"status":"success","result":{"name":"Anna"}}`)
}

// signOut takes the token in the body.
func (s *express) signOut(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Ending string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil || !s.revoke(asked.Ending) {
		sendJSON(w, applicationJSON, 401, `{"status":"fail"}`)
		return
	}
	w.WriteHeader(204)
}

// expressClient is a single-page application.
type expressClient struct{ grip string }

const jsonBody = "Content-Type: application/json"

func (e *expressClient) tokens(c *client, body string) (access string) {
	c.t.Helper()
	e.grip = member(c.t, body, "result", "credentials", 1, "value")
	return member(c.t, body, "result", "credentials", 0, "value")
}

func (e *expressClient) login(c *client) (token string) {
	c.t.Helper()
	reply := c.ask("POST", "/api/auth/signin", `{"email":"anna@example.com","password":"correct horse"}`, jsonBody)
	token = e.tokens(c, reply.Body)
	if got := cookie(reply, "at"); got != token {
		c.t.Errorf("the cookie has another token than the body: %d and %d bytes", len(got), len(token))
	}
	c.ask("GET", "/api/meta/signing-keys", "")
	return token
}

func (e *expressClient) use(c *client, token string) (status int) {
	if status = c.ask("GET", "/api/me", "", "Cookie: at="+token).Status; status != 200 {
		return status
	}
	return c.ask("GET", "/api/me", "", "Authorization: Bearer "+token).Status
}

func (e *expressClient) refresh(c *client, _ string) (token string) {
	c.t.Helper()
	return e.tokens(c, c.ask("POST", "/api/auth/extend", `{"grip":"`+e.grip+`"}`, jsonBody).Body)
}

func (e *expressClient) logout(c *client, token string) (status int) {
	return c.ask("POST", "/api/auth/signout", `{"ending":"`+token+`"}`, jsonBody, "Cookie: at="+token).Status
}

var expressCase = backendCase{
	name:   "express",
	start:  func(t *testing.T) string { return newExpress(t).URL },
	client: func() app { return &expressClient{} },
	user:   "anna@example.com",
	doctor: []string{
		"--login", "POST /api/auth/signin", "--json", `{"email":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}`, "--probe", "GET /api/me",
		"--refresh", "POST /api/auth/extend", "--refresh-data", `{"grip":"${json:result.credentials.1.value}"}`,
		"--logout", "POST /api/auth/signout", "--logout-data", `{"ending":"${token}"}`,
	},
	collections: map[string][]string{
		"users":         {`{"_id":{"$oid":"` + expressUser + `"},"email":"anna@example.com","password":"x","plan":"basic"}`, `{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b7d"},"plan":"basic"}`},
		"user_sessions": {`{"_id":"s1"}`},
	},
	collection: "users",
	change:     `{"plan":"gold"}`,
	file:       `{"_id":{"$oid":"` + expressUser + `"},"email":"anna@example.com","plan":"basic"}`,
}
