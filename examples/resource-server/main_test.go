package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

func TestAPI_GrantsNothingWithoutTheClaim(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	jwks := httptest.NewServer(issuer)
	defer jwks.Close()
	api := newAPI(t.Context(), jwks.URL, "https://auth.example.com", "app")
	other := enrichtest.NewIssuer(t, "ES256")

	claims := func(more string) string {
		return fmt.Sprintf(`{"iss":"https://auth.example.com","aud":"app","sub":"u1","exp":%d%s}`, time.Now().Add(time.Hour).Unix(), more)
	}
	tests := []struct {
		name, token string
		status      int
		message     string
	}{
		{"with the claim", issuer.Token(claims(`,"custom_data":{"primaryLanguage":"fr"}`)), http.StatusOK, "Bonjour"},
		{"without the claim", issuer.Token(claims("")), http.StatusForbidden, "does not contain"},
		{"null", issuer.Token(claims(`,"custom_data":null`)), http.StatusForbidden, "does not contain"},
		{"signed with another key", other.Token(claims(`,"custom_data":{"primaryLanguage":"fr"}`)), http.StatusUnauthorized, "invalid token"},
		{"no token", "", http.StatusUnauthorized, "no bearer token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodGet, "/greeting", nil)
			if tt.token != "" {
				request.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := httptest.NewRecorder()
			api.ServeHTTP(w, request)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.message) {
				t.Errorf("GET /greeting: got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.message)
			}
		})
	}
}
