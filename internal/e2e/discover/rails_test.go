package discover_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// rails is a service in the manner of Rails with a JWT of its own: the token is in a header
// of the answer, and a new password gives a new one.
type rails struct {
	service
	issuer *enrichtest.Issuer
}

func newRails(t *testing.T) *rails {
	s := &rails{issuer: enrichtest.NewIssuer(t, "HS256")}
	s.start(t, map[string]http.HandlerFunc{
		"POST /users/sign_in": s.signIn, "PUT /users/password": s.password, "GET /me": s.me, "DELETE /users/sign_out": s.signOut,
	})
	return s
}

func (s *rails) answer(w http.ResponseWriter, status int) {
	token := s.issue(s.issuer.TokenWithHeader(`{"alg":"HS256"}`, `{"user_id":"4711","jti":"`+jti()+`",`+times()+`}`))
	w.Header().Set("Authorization", "Bearer "+token)
	sendJSON(w, applicationJSON, status, `{"id":4711,"email":"anna@example.com","created_at":"2014-05-01T00:00:00Z"}`)
}

type railsUser struct {
	User struct {
		Email, Password string
		Current         string `json:"current_password"`
	}
}

func (s *rails) signIn(w http.ResponseWriter, r *http.Request) {
	var asked railsUser
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked.User.Email != "anna@example.com" || asked.User.Password != "correct horse" {
		sendJSON(w, applicationJSON, 401, `{"error":"Invalid Email or password."}`)
		return
	}
	s.answer(w, 201)
}

// password ends the token of the request, and issues another one.
func (s *rails) password(w http.ResponseWriter, r *http.Request) {
	var asked railsUser
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked.User.Current != "correct horse" || !s.revoke(bearer(r)) {
		sendJSON(w, applicationJSON, 401, `{"error":"unauthorized"}`)
		return
	}
	s.answer(w, 200)
}

func (s *rails) me(w http.ResponseWriter, r *http.Request) {
	if !s.isIssued(bearer(r)) {
		sendJSON(w, applicationJSON, 401, `{"error":"unauthorized"}`)
		return
	}
	sendJSON(w, applicationJSON, 200, `{"id":4711}`)
}

func (s *rails) signOut(w http.ResponseWriter, r *http.Request) {
	if !s.revoke(bearer(r)) {
		sendJSON(w, applicationJSON, 401, `{"error":"unauthorized"}`)
		return
	}
	w.WriteHeader(204)
}

// railsClient is an app.
type railsClient struct{}

func (railsClient) token(c *client, header http.Header) string {
	c.t.Helper()
	token, ok := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !ok {
		c.t.Fatal("the answer has no token in Authorization")
	}
	return token
}

func (r railsClient) login(c *client) (token string) {
	c.t.Helper()
	return r.token(c, c.ask("POST", "/users/sign_in", `{"user":{"email":"anna@example.com","password":"correct horse"}}`, jsonBody).Header)
}

func (railsClient) use(c *client, token string) (status int) {
	return c.ask("GET", "/me", "", "Authorization: Bearer "+token).Status
}

func (r railsClient) refresh(c *client, token string) string {
	c.t.Helper()
	body := `{"user":{"current_password":"correct horse","password":"correct horse"}}`
	return r.token(c, c.ask("PUT", "/users/password", body, jsonBody, "Authorization: Bearer "+token).Header)
}

func (railsClient) logout(c *client, token string) (status int) {
	return c.ask("DELETE", "/users/sign_out", "", "Authorization: Bearer "+token).Status
}

var railsCase = backendCase{
	name:   "rails",
	start:  func(t *testing.T) string { return newRails(t).URL },
	client: func() app { return railsClient{} },
	secret: enrichtest.Secret,
	user:   "anna@example.com",
	doctor: []string{
		"--login", "POST /users/sign_in", "--json", `{"user":{"email":"${DOCTOR_USER}","password":"${DOCTOR_PASSWORD}"}}`, "--probe", "GET /me",
		"--refresh", "@refresh.http",
		"--logout", "DELETE /users/sign_out",
	},
	collections: map[string][]string{
		"profiles": {`{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b70"},"account_id":"4711","plan":"basic"}`, `{"_id":{"$oid":"64b7f0aa5e1c2b3d4f5a6b71"},"account_id":"4712","plan":"basic"}`},
	},
	files: map[string]string{"refresh.http": `PUT /users/password
Content-Type: application/json
Authorization: Bearer ${token}

{"user":{"current_password":"${DOCTOR_PASSWORD}","password":"${DOCTOR_PASSWORD}"}}
`},
	collection: "profiles",
	change:     `{"plan":"gold"}`,
	file:       `{"account_id":"4711","plan":"basic"}`,
}
