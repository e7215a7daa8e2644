// Resource-server is an API that reads custom_data from enriched tokens. It verifies
// them with the merged JWKS, which it fetches through tokengraft. It refuses a token
// without the claim: absence of the claim must never grant anything.
//
//	go run ./examples/resource-server JWKS_URL ISSUER AUDIENCE
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: resource-server JWKS_URL ISSUER AUDIENCE")
		os.Exit(2)
	}
	server := &http.Server{
		Addr:              "127.0.0.1:7000",
		Handler:           newAPI(context.Background(), os.Args[1], os.Args[2], os.Args[3]),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Printf("try http://%s/greeting with a bearer token", server.Addr)
	log.Fatal(server.ListenAndServe())
}

// newAPI returns the API. The key set is fetched again when a token names an unknown
// key, so a rotation of keys does not need a restart.
func newAPI(ctx context.Context, jwksURL, issuer, audience string) http.Handler {
	verifier := oidc.NewVerifier(issuer, oidc.NewRemoteKeySet(ctx, jwksURL), &oidc.Config{
		ClientID:             audience,
		SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256},
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /greeting", func(w http.ResponseWriter, r *http.Request) { greet(w, r, verifier) })
	return mux
}

var greetings = map[string]string{"en": "Hello", "fr": "Bonjour", "de": "Servus"}

// greet answers in the user's language.
func greet(w http.ResponseWriter, r *http.Request, verifier *oidc.IDTokenVerifier) {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		answer(w, http.StatusUnauthorized, "no bearer token")
		return
	}
	token, err := verifier.Verify(r.Context(), raw)
	if err != nil {
		answer(w, http.StatusUnauthorized, "invalid token")
		return
	}
	var claims struct {
		CustomData *struct {
			PrimaryLanguage string `json:"primaryLanguage"`
		} `json:"custom_data"`
	}
	if err := token.Claims(&claims); err != nil {
		answer(w, http.StatusUnauthorized, "invalid claims")
		return
	}
	if claims.CustomData == nil {
		// Not 401, because clients log their user out on it. The token of the next
		// refresh may have the claim.
		answer(w, http.StatusForbidden, "the token does not contain the user's data")
		return
	}
	greeting, ok := greetings[claims.CustomData.PrimaryLanguage]
	if !ok {
		greeting = greetings["en"]
	}
	answer(w, http.StatusOK, greeting)
}

func answer(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": message})
}
