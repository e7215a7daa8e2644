package discover_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// php is a service in the manner of PHP scripts: JSON that says text/html, a session
// cookie, a token that the scripts wrap twice, a secret that they keep in base64, and a
// numeric id of the user inside an object.
type php struct {
	service
	issuer  *enrichtest.Issuer
	session string // the only one
}

var phpSecret = []byte("\x00\x01\xfe\xff thirty-two bytes and more, not all text \x80")

func newPHP(t *testing.T) *php {
	s := &php{issuer: enrichtest.NewIssuer(t, "HS256"), session: "4gk2m7pq0s9r1v8w3x5y6z"}
	s.issuer.Private = phpSecret
	s.start(t, map[string]http.HandlerFunc{
		"POST /login.php": s.login, "POST /keepalive.php": s.keepAlive, "GET /profile.php": s.profile, "POST /logout.php": s.logout,
	})
	return s
}

func (s *php) answer(w http.ResponseWriter) {
	token := s.issue(s.issuer.TokenWithHeader(`{"typ":"JWT","alg":"HS256"}`, `{"iss":"https://shop.example","jti":"`+jti()+`",`+times()+`,"data":{"id":4711,"role":"customer"}}`))
	sendJSON(w, "text/html; charset=UTF-8", 200, `{"ok":1,"data":{"jwt":"%s","name":"Anna"}}`, token)
}

func (s *php) login(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("user") != "anna" || r.PostFormValue("pass") != "correct horse" {
		sendJSON(w, "text/html; charset=UTF-8", 200, `{"ok":0,"error":"wrong user or password"}`)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: s.session, Path: "/", HttpOnly: true})
	s.answer(w)
}

// keepAlive issues a new token to a client that has the session.
func (s *php) keepAlive(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("PHPSESSID"); err != nil || c.Value != s.session {
		sendJSON(w, "text/html; charset=UTF-8", 403, `{"ok":0}`)
		return
	}
	s.answer(w)
}

func (s *php) profile(w http.ResponseWriter, r *http.Request) {
	if !s.isIssued(bearer(r)) {
		sendJSON(w, "text/html; charset=UTF-8", 403, `{"ok":0}`)
		return
	}
	sendJSON(w, "text/html; charset=UTF-8", 200, `{"ok":1,"data":{"name":"Anna"}}`)
}

// logout takes the token as a field of a form.
func (s *php) logout(w http.ResponseWriter, r *http.Request) {
	if !s.revoke(r.PostFormValue("jwt")) {
		sendJSON(w, "text/html; charset=UTF-8", 403, `{"ok":0}`)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Path: "/", MaxAge: -1})
	sendJSON(w, "text/html; charset=UTF-8", 200, `{"ok":1}`)
}

// phpClient is the page that uses the scripts.
type phpClient struct{ session string }

const form = "Content-Type: application/x-www-form-urlencoded"

func (p *phpClient) login(c *client) (token string) {
	c.t.Helper()
	reply := c.ask("POST", "/login.php", "user=anna&pass=correct+horse", form)
	p.session = cookie(reply, "PHPSESSID")
	return member(c.t, reply.Body, "data", "jwt")
}

func (p *phpClient) use(c *client, token string) (status int) {
	return c.ask("GET", "/profile.php", "", "Authorization: Bearer "+token, "Cookie: PHPSESSID="+p.session).Status
}

func (p *phpClient) refresh(c *client, _ string) (token string) {
	c.t.Helper()
	return member(c.t, c.ask("POST", "/keepalive.php", "", "Cookie: PHPSESSID="+p.session).Body, "data", "jwt")
}

func (p *phpClient) logout(c *client, token string) (status int) {
	return c.ask("POST", "/logout.php", url.Values{"jwt": {token}}.Encode(), form, "Cookie: PHPSESSID="+p.session).Status
}

var phpCase = backendCase{
	name:   "php",
	start:  func(t *testing.T) string { return newPHP(t).URL },
	client: func() app { return &phpClient{} },
	secret: base64.StdEncoding.EncodeToString(phpSecret),
	user:   "anna",
	doctor: []string{
		"--login", "POST /login.php", "--form", "user=${DOCTOR_USER}&pass=${DOCTOR_PASSWORD}", "--probe", "GET /profile.php",
		"--refresh", "POST /keepalive.php", "--logout", "POST /logout.php", "--logout-data", "jwt=${token}",
	},
	collections: map[string][]string{
		"customers": {`{"_id":4711,"name":"Anna","plan":"basic","passwort_hash":"x"}`, `{"_id":4712,"name":"Bert","plan":"basic"}`},
		"orders":    {`{"_id":4711,"of":4712}`},
	},
	collection: "customers",
	change:     `{"plan":"gold"}`,
	file:       `{"_id":4711,"name":"Anna","plan":"basic"}`,
}
