package embed_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokengraft/tokengraft/examples/embed"
)

func Example() {
	secret := []byte("a secret that the backend shares with us")
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": time.Now().Add(time.Hour).Unix()})
		signed, _ := token.SignedString(secret)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q}`, signed)
	}))
	defer backend.Close()

	address, err := url.Parse(backend.URL)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := embed.Handler(address, secret, embed.Documents{"u1": json.RawMessage(`{"lang":"en"}`)})
	if err != nil {
		log.Fatal(err)
	}
	public := httptest.NewServer(handler)
	defer public.Close()

	response, err := http.Post(public.URL+"/login", "application/json", strings.NewReader(`{}`))
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		log.Fatal(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(answer.AccessToken, ".")[1])
	if err != nil {
		log.Fatal(err)
	}
	_, document, _ := strings.Cut(string(claims), `"custom_data":`)
	fmt.Println(document)
	// Output: {"lang":"en"}}
}
