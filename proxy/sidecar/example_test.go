package sidecar_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

// documents is a source that the program implements itself. Its keys are user ids.
type documents map[string]json.RawMessage

func (d documents) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	began := time.Now()
	document, ok := d[q.User.ID]
	if !ok {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return enrich.Document{JSON: document, ReadAt: began}, nil
}

// The configuration is made in Go, and the program implements the source of documents.
func Example() {
	secret := "a secret that the backend shares with us"
	backend := httptest.NewServer(loginService(secret))
	defer backend.Close()

	cfg := config.Default()
	cfg.Backend, _ = config.ParseBaseURL(backend.URL)
	cfg.Rules = []config.Rule{{Match: "POST /login", Tokens: []locate.Location{locate.MustParse("json:access_token")}}}
	cfg.Verify.Secret = config.NewSecret(secret)
	s, err := sidecar.New(cfg, sidecar.Options{Source: documents{"u1": json.RawMessage(`{"lang":"en"}`)}})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	public := httptest.NewServer(s)
	defer public.Close()

	fmt.Println(claimsOfLogin(public.URL))
	// Output: u1 {"lang":"en"}
}

// loginService returns a backend whose response has a token in "access_token".
func loginService(secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Subject: "u1", ExpiresAt: jwt.NewNumericDate(time.Unix(4102444800, 0))})
		signed, _ := token.SignedString([]byte(secret))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q}`, signed)
	})
}

// claimsOfLogin logs in and returns the user and the document in the token.
func claimsOfLogin(base string) string {
	response, err := http.Post(base+"/login", "application/json", strings.NewReader(`{}`))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil {
		log.Fatal(err)
	}
	var claims struct {
		Sub        string
		CustomData json.RawMessage `json:"custom_data"`
	}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(tokens.Access, ".")[1])
	if err := json.Unmarshal(payload, &claims); err != nil {
		log.Fatal(err)
	}
	return claims.Sub + " " + string(claims.CustomData)
}
