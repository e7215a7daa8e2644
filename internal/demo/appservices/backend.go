// Package appservices is a sample backend that replaces App Services. It answers the
// client API of version 2.0, as the SDKs use it. Its tokens have the claims of App
// Services, without user_data.
package appservices

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Lifetime is how long an access token lives.
const Lifetime = 30 * time.Minute

// Users maps e-mail addresses to user ids. All passwords are "secret".
var Users = map[string]string{
	"anna@example.com": "636aba021728b6c1c03db7f9",
	"ben@example.com":  "5f1f216e82df4a7979f9da93",
	"carl@example.com": "5f1f216e82df4a7979f9da94",
}

const (
	client   = "/api/client/v2.0"
	device   = "000000000000000000000000"
	domain   = "5eea8667bcb4c810b651fb59"
	provider = "624de7bb8ec6c939626f5425"
)

// A Backend is an [http.Handler]. It stores only refresh tokens. It verifies access
// tokens by their signature, as App Services did.
type Backend struct {
	self string // host:port that clients use
	key  any    // []byte for HS256, *rsa.PrivateKey for RS256
	mux  *http.ServeMux

	mu       sync.Mutex
	sessions map[string]string // refresh token → user id
}

// New returns a backend that sends its clients to the address self, as App Services
// sent them to a region. The key is a []byte secret or an *[rsa.PrivateKey].
func New(self string, key any) *Backend {
	b := &Backend{self: self, key: key, mux: http.NewServeMux(), sessions: map[string]string{}}
	b.mux.HandleFunc("GET "+client+"/app/{app}/location", b.location)
	b.mux.HandleFunc("POST "+client+"/app/{app}/auth/providers/{provider}/login", b.login)
	b.mux.HandleFunc("GET "+client+"/auth/callback", b.callback)
	b.mux.HandleFunc("POST "+client+"/auth/session", b.refresh)
	b.mux.HandleFunc("DELETE "+client+"/auth/session", b.logout)
	b.mux.HandleFunc("GET "+client+"/auth/profile", b.profile)
	b.mux.HandleFunc("DELETE "+client+"/auth/delete", b.remove)
	return b
}

// ServeHTTP implements [http.Handler].
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.mux.ServeHTTP(w, r) }

func (b *Backend) location(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"deployment_model":"LOCAL","location":"US-VA","hostname":"http://%[1]s","ws_hostname":"ws://%[1]s"}`, b.self))
}

func (b *Backend) login(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("link") == "true" {
		b.link(w, r)
		return
	}
	var credentials struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&credentials); err != nil || credentials.Password != "secret" || Users[credentials.Username] == "" {
		writeError(w, "invalid username/password", "InvalidPassword")
		return
	}
	access, refresh := b.session(Users[credentials.Username])
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"access_token":%q,"refresh_token":%q,"user_id":%q,"device_id":%q}`,
		access, refresh, Users[credentials.Username], device))
}

// link is a login with another identity of the same user. The response has no new
// refresh token.
func (b *Backend) link(w http.ResponseWriter, r *http.Request) {
	user, session, ok := b.user(r)
	if !ok {
		writeError(w, "invalid session", "InvalidSession")
		return
	}
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"access_token":%q,"user_id":%q,"device_id":%q}`, b.access(user, session), user, device))
}

// callback is where another provider redirects the browser. It redirects to the app.
func (b *Backend) callback(w http.ResponseWriter, r *http.Request) {
	user := Users["anna@example.com"]
	access, refresh := b.session(user)
	http.Redirect(w, r, fmt.Sprintf("https://app.example.com/#_baas_state=%s&_baas_ua=%s$%s$%s$%s", r.FormValue("state"), access, refresh, user, device), http.StatusFound)
}

func (b *Backend) refresh(w http.ResponseWriter, r *http.Request) {
	user, ok := b.sessionOf(r)
	if !ok {
		writeError(w, "invalid session: failed to find refresh token", "InvalidSession")
		return
	}
	writeJSON(w, http.StatusCreated, fmt.Sprintf(`{"access_token":%q}`, b.access(user, id())))
}

// remove answers users who delete their account. The sample users are kept.
func (b *Backend) remove(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := b.user(r); !ok {
		writeError(w, "invalid session", "InvalidSession")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b *Backend) logout(w http.ResponseWriter, r *http.Request) {
	if _, ok := b.sessionOf(r); !ok {
		writeError(w, "invalid session: failed to find refresh token", "InvalidSession")
		return
	}
	b.mu.Lock()
	delete(b.sessions, bearer(r))
	b.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (b *Backend) profile(w http.ResponseWriter, r *http.Request) {
	user, _, ok := b.user(r)
	if !ok {
		writeError(w, "invalid session", "InvalidSession")
		return
	}
	writeJSON(w, http.StatusOK, fmt.Sprintf(`{"user_id":%q,"domain_id":%q,"type":"normal","identities":[{"id":%q,"provider_type":"local-userpass","provider_id":%q}],"data":{}}`, user, domain, user, provider))
}

// session issues both tokens of a new session.
func (b *Backend) session(user string) (access, refresh string) {
	session := id()
	now := time.Now().Unix()
	refresh = b.sign(fmt.Sprintf(`{"baas_data":null,"baas_device_id":%q,"baas_domain_id":%q,"baas_id":%q,"exp":%d,"iat":%d,"sub":%q,"typ":"refresh"}`,
		device, domain, session, now+60*24*3600, now, user))
	b.mu.Lock()
	b.sessions[refresh] = user
	b.mu.Unlock()
	return b.access(user, session), refresh
}

func (b *Backend) access(user, session string) string {
	now := time.Now().Unix()
	return b.sign(fmt.Sprintf(`{"baas_device_id":%[1]q,"baas_domain_id":%[2]q,"exp":%[3]d,"iat":%[4]d,"iss":%[5]q,"stitch_devId":%[1]q,"stitch_domainId":%[2]q,"sub":%[6]q,"typ":"access"}`,
		device, domain, now+int64(Lifetime.Seconds()), now, session, user))
}

// sign signs claims, which are written as App Services wrote them: sorted, with whole
// numbers.
func (b *Backend) sign(claims string) string {
	method, header := jwt.SigningMethod(jwt.SigningMethodHS256), `{"alg":"HS256","typ":"JWT"}`
	if _, ok := b.key.(*rsa.PrivateKey); ok {
		method, header = jwt.SigningMethodRS256, `{"alg":"RS256","kid":"5e6963dfafea63254581c026","typ":"JWT"}`
	}
	signed := encode(header) + "." + encode(claims)
	signature, err := method.Sign(signed, b.key)
	if err != nil {
		panic(err) // both kinds of keys can sign
	}
	return signed + "." + encode(string(signature))
}

// user returns the user and the session of the access token in a request.
func (b *Backend) user(r *http.Request) (user, session string, ok bool) {
	var claims struct {
		jwt.RegisteredClaims
		Type string `json:"typ"`
	}
	_, err := jwt.ParseWithClaims(bearer(r), &claims, func(*jwt.Token) (any, error) {
		if private, ok := b.key.(*rsa.PrivateKey); ok {
			return private.Public(), nil
		}
		return b.key, nil
	}, jwt.WithValidMethods([]string{"HS256", "RS256"}))
	return claims.Subject, claims.Issuer, err == nil && claims.Type == "access"
}

func (b *Backend) sessionOf(r *http.Request) (user string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	user, ok = b.sessions[bearer(r)]
	return user, ok
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

func id() string {
	random := make([]byte, 12)
	rand.Read(random)
	return hex.EncodeToString(random)
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintln(w, body)
}

func writeError(w http.ResponseWriter, text, code string) {
	writeJSON(w, http.StatusUnauthorized, fmt.Sprintf(`{"error":%q,"error_code":%q,"link":""}`, text, code))
}
