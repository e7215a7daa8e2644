// Package backend is a sample legacy auth backend that cannot be changed. It issues
// JWTs in JSON, in a cookie, in a header and in a redirect, and publishes its key. It
// stores the tokens that it issues, and accepts only those.
//
// `tokengraft demo` and the Compose file run it.
package backend

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// Lifetime is how long an access token lives.
const Lifetime = 30 * time.Minute

const keyID = "legacy-2014"

// Users maps user names to user ids. All passwords are "secret".
var Users = map[string]string{
	"anna": "62efedca3587e6e83c0fc675",
	"ben":  "5f1f216e82df4a7979f9da93",
	"cleo": "636aba021728b6c1c03db7f9",
}

// A Backend is an [http.Handler]. It keeps its state in memory.
type Backend struct {
	issuer string
	key    *rsa.PrivateKey
	mux    *http.ServeMux

	issued, refresh *recent // access tokens and refresh tokens
}

// New returns a backend with a new key. The issuer is the iss of its tokens.
func New(issuer string) (*Backend, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	b := &Backend{issuer: issuer, key: key, mux: http.NewServeMux(), issued: newRecent(), refresh: newRecent()}
	b.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "legacy auth backend") })
	b.mux.HandleFunc("POST /login", b.login)
	b.mux.HandleFunc("POST /login/cookie", b.loginCookie)
	b.mux.HandleFunc("POST /login/header", b.loginHeader)
	b.mux.HandleFunc("GET /authorize", b.authorize)
	b.mux.HandleFunc("POST /oauth/token", b.token)
	b.mux.HandleFunc("GET /me", b.me)
	b.mux.HandleFunc("GET /greeting", b.greeting)
	b.mux.HandleFunc("POST /introspect", b.introspect)
	b.mux.HandleFunc("GET /jwks.json", b.jwks)
	return b, nil
}

// ServeHTTP implements [http.Handler].
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.mux.ServeHTTP(w, r) }

func (b *Backend) accessToken(user string) string {
	token := b.sign(user, jwt.MapClaims{"scope": "profile"})
	b.issued.add(token, user)
	return token
}

func (b *Backend) sign(user string, more jwt.MapClaims) string {
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": b.issuer, "sub": user, "aud": "app", "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(Lifetime).Unix(),
	}
	maps.Copy(claims, more)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = keyID
	signed, err := token.SignedString(b.key)
	if err != nil {
		panic(err) // an RSA key can always sign RS256
	}
	return signed
}

func (b *Backend) jwks(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: b.key.Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
