package backend

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"

	"github.com/golang-jwt/jwt/v5"
)

// tokenHeader carries an access token from and to clients that log in with
// /login/header.
const tokenHeader = "X-Auth-Token"

// login accepts {"username","password"} as JSON or as a form.
func (b *Backend) login(w http.ResponseWriter, r *http.Request) {
	user, ok := b.authenticate(r)
	if !ok {
		writeJSON(w, http.StatusForbidden, map[string]any{"error": "invalid_credentials"})
		return
	}
	b.writeTokens(w, user, true)
}

// loginCookie sends the access token only in a cookie.
func (b *Backend) loginCookie(w http.ResponseWriter, r *http.Request) {
	user, ok := b.authenticate(r)
	if !ok {
		writeJSON(w, http.StatusForbidden, map[string]any{"error": "invalid_credentials"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark", Path: "/"})
	http.SetCookie(w, &http.Cookie{Name: "session", Value: b.accessToken(user), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(Lifetime.Seconds())})
	writeJSON(w, http.StatusOK, map[string]any{"ok": true})
}

// loginHeader sends the access token only in a header.
func (b *Backend) loginHeader(w http.ResponseWriter, r *http.Request) {
	user, ok := b.authenticate(r)
	if !ok {
		writeJSON(w, http.StatusForbidden, map[string]any{"error": "invalid_credentials"})
		return
	}
	w.Header().Set(tokenHeader, "Bearer "+b.accessToken(user))
	writeJSON(w, http.StatusOK, map[string]any{"ok": true})
}

// authorize is an OAuth 2.0 authorization endpoint with the implicit grant (RFC
// 6749, section 4.2). A user who has logged in with a cookie is redirected to the
// client, with a token in the fragment, which the HTML of the redirect repeats.
func (b *Backend) authorize(w http.ResponseWriter, r *http.Request) {
	target, err := url.Parse(r.FormValue("redirect_uri"))
	if err != nil || target.Scheme != "http" || target.Hostname() != "127.0.0.1" || target.Fragment != "" {
		// Tokens are sent only to this machine, where the clients run.
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	user, ok := b.user(presented(r))
	if !ok {
		writeJSON(w, http.StatusForbidden, map[string]any{"error": "login_required"})
		return
	}
	answer := url.Values{
		"access_token": {b.accessToken(user)},
		"token_type":   {"Bearer"},
		"expires_in":   {fmt.Sprint(int(Lifetime.Seconds()))},
		"state":        {r.FormValue("state")},
	}
	http.Redirect(w, r, target.String()+"#"+answer.Encode(), http.StatusFound)
}

// token is an OAuth 2.0 token endpoint with the password and refresh_token
// grants (RFC 6749, sections 4.3 and 6).
func (b *Backend) token(w http.ResponseWriter, r *http.Request) {
	switch r.PostFormValue("grant_type") {
	case "password":
		if user, ok := b.authenticate(r); ok {
			b.writeTokens(w, user, true)
			return
		}
	case "refresh_token":
		if user, ok := b.refresh.user(r.PostFormValue("refresh_token")); ok {
			b.writeTokens(w, user, false)
			return
		}
	default:
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
}

// writeTokens issues an access token, an id_token with its hash and, for a login, a refresh
// token.
func (b *Backend) writeTokens(w http.ResponseWriter, user string, login bool) {
	access := b.accessToken(user)
	sum := sha256.Sum256([]byte(access))
	body := map[string]any{
		"access_token": access,
		"id_token":     b.sign(user, jwt.MapClaims{"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16])}),
		"token_type":   "Bearer",
		"expires_in":   int(Lifetime.Seconds()),
	}
	if login {
		refresh := rand.Text()
		b.refresh.add(refresh, user)
		body["refresh_token"] = refresh
	}
	writeJSON(w, http.StatusOK, body)
}

func (b *Backend) authenticate(r *http.Request) (user string, ok bool) {
	var credentials struct{ Username, Password string }
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		if json.NewDecoder(r.Body).Decode(&credentials) != nil {
			return "", false
		}
	} else {
		credentials.Username, credentials.Password = r.PostFormValue("username"), r.PostFormValue("password")
	}
	user, ok = Users[credentials.Username]
	return user, ok && credentials.Password == "secret"
}
