// Fosite is an OpenID provider built on the library that Ory Hydra uses. It finds its
// JWT access tokens by their signatures. So a token that tokengraft signed is inactive
// for it, unless tokengraft restores the token.
//
//	fosite ISSUER REDIRECT_URI
//
// It listens on a loopback port, prints its address and serves until it is killed.
// The client is "web" with the secret "secret". Every login is user id1.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: fosite ISSUER REDIRECT_URI")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "fosite:", err)
		os.Exit(1)
	}
}

func run(issuer, redirectURI string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	web, err := client(redirectURI)
	if err != nil {
		return err
	}
	store := storage.NewMemoryStore()
	store.Clients[web.ID] = web
	p := &provider{issuer: issuer, key: key, OAuth2Provider: newProvider(issuer, store, key)}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /oauth/token", p.token)
	mux.HandleFunc("POST /oauth/introspect", p.introspect)
	mux.HandleFunc("POST /revoke", p.revoke)
	mux.HandleFunc("GET /userinfo", p.userinfo)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", ln.Addr())
	return http.Serve(ln, mux)
}

func client(redirectURI string) (*fosite.DefaultClient, error) {
	secret, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		return nil, err
	}
	return &fosite.DefaultClient{
		ID: "web", Secret: secret, RedirectURIs: []string{redirectURI},
		GrantTypes:    []string{"authorization_code", "refresh_token"},
		ResponseTypes: []string{"code"},
		Scopes:        []string{"openid", "profile", "email", "offline_access"},
	}, nil
}

func newProvider(issuer string, store *storage.MemoryStore, key *rsa.PrivateKey) fosite.OAuth2Provider {
	config := &fosite.Config{
		GlobalSecret:      []byte(rand.Text() + rand.Text())[:32],
		AccessTokenIssuer: issuer,
		IDTokenIssuer:     issuer,
	}
	sign := func(context.Context) (any, error) { return key, nil }
	return compose.Compose(config, store,
		&compose.CommonStrategy{
			CoreStrategy:               compose.NewOAuth2JWTStrategy(sign, compose.NewOAuth2HMACStrategy(config), config),
			OpenIDConnectTokenStrategy: compose.NewOpenIDConnectStrategy(sign, config),
		},
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OAuth2PKCEFactory,
		compose.OpenIDConnectExplicitFactory, compose.OpenIDConnectRefreshFactory,
		compose.OAuth2TokenIntrospectionFactory, compose.OAuth2TokenRevocationFactory,
	)
}

type provider struct {
	fosite.OAuth2Provider
	issuer string
	key    *rsa.PrivateKey
}

const keyID = "fosite-1"

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	base := strings.TrimSuffix(p.issuer, "/")
	answer(w, map[string]any{
		"issuer":                                p.issuer,
		"authorization_endpoint":                base + "/authorize",
		"token_endpoint":                        base + "/oauth/token",
		"introspection_endpoint":                base + "/oauth/introspect",
		"revocation_endpoint":                   base + "/revoke",
		"userinfo_endpoint":                     base + "/userinfo",
		"jwks_uri":                              base + "/keys",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: p.key.Public(), KeyID: keyID, Algorithm: "RS256", Use: "sig"},
	}})
}

func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	request, err := p.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		p.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	response, err := p.NewAuthorizeResponse(r.Context(), request, newSession("id1"))
	if err != nil {
		p.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	p.WriteAuthorizeResponse(r.Context(), w, request, response)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	request, err := p.NewAccessRequest(r.Context(), r, newSession(""))
	if err != nil {
		p.WriteAccessError(r.Context(), w, request, err)
		return
	}
	response, err := p.NewAccessResponse(r.Context(), request)
	if err != nil {
		p.WriteAccessError(r.Context(), w, request, err)
		return
	}
	p.WriteAccessResponse(r.Context(), w, request, response)
}

func (p *provider) introspect(w http.ResponseWriter, r *http.Request) {
	response, err := p.NewIntrospectionRequest(r.Context(), r, newSession(""))
	if err != nil {
		p.WriteIntrospectionError(r.Context(), w, err)
		return
	}
	p.WriteIntrospectionResponse(r.Context(), w, response)
}

func (p *provider) revoke(w http.ResponseWriter, r *http.Request) {
	p.WriteRevocationResponse(r.Context(), w, p.NewRevocationRequest(r.Context(), r))
}

func (p *provider) userinfo(w http.ResponseWriter, r *http.Request) {
	_, request, err := p.IntrospectToken(r.Context(), fosite.AccessTokenFromRequest(r), fosite.AccessToken, newSession(""))
	if err != nil {
		http.Error(w, "access token invalid", http.StatusUnauthorized)
		return
	}
	answer(w, map[string]any{"sub": request.GetSession().GetSubject()})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
