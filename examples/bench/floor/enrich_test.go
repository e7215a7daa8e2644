package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
	"github.com/tokengraft/tokengraft/examples/bench/internal/load"
)

func TestEnrich_EveryAlgorithm(t *testing.T) {
	files := keys(t)
	for _, algorithm := range fixture.Algorithms {
		e := enricherOf(t, files, algorithm)
		key, err := files.SidecarKey(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		s := &scratch{in: login(t, files, algorithm, fixture.NewClaims(7, time.Now()))}
		if err := e.enrich(s); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		} else if err := load.Enriched(key, 0)(7, s.out); err != nil {
			t.Errorf("%s: %v: %s", algorithm, err, s.out)
		}
	}
}

// The floor is an honest one: it refuses what the sidecar refuses.
func TestEnrich_RefusesTokensThatAreNotValid(t *testing.T) {
	files := keys(t)
	e := enricherOf(t, files, "HS256")
	valid := fixture.NewClaims(7, time.Now())
	change := func(f func(*fixture.Claims)) []byte {
		claims := valid
		f(&claims)
		return login(t, files, "HS256", claims)
	}
	for name, body := range map[string][]byte{
		"issuer":    change(func(c *fixture.Claims) { c.Issuer = "https://other.example" }),
		"expired":   change(func(c *fixture.Claims) { c.Expires = time.Now().Unix() - 1 }),
		"too early": change(func(c *fixture.Claims) { c.NotBefore = time.Now().Unix() + 60 }),
		"subject":   change(func(c *fixture.Claims) { c.Subject = "" }),
		"unknown":   change(func(c *fixture.Claims) { c.Subject = "u99" }),
		"algorithm": login(t, files, "ES256", valid),
		"signature": []byte(strings.Replace(string(login(t, files, "HS256", valid)), `","token_type`, `A","token_type`, 1)),
		"no token":  []byte(`{"access_token":null}`),
		"no dots":   []byte(`{"access_token":"abc"}`),
	} {
		if err := e.enrich(&scratch{in: body}); err == nil {
			t.Errorf("%s: a token that is not valid is enriched", name)
		}
	}
}

func keys(t *testing.T) fixture.Folder {
	t.Helper()
	files := fixture.Folder(t.TempDir())
	if err := files.WriteKeys(); err != nil {
		t.Fatal(err)
	}
	return files
}

func enricherOf(t *testing.T, files fixture.Folder, algorithm string) *enricher {
	t.Helper()
	documents, err := cacheOf(10, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(documents.Close)
	e, err := newEnricher(files, algorithm, documents)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// login returns the backend's response to a login.
func login(t *testing.T, files fixture.Folder, algorithm string, claims fixture.Claims) []byte {
	t.Helper()
	key, err := files.BackendKey(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := key.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"access_token":%q,"token_type":"Bearer","expires_in":86400,"refresh_token":"r"}`, token)
}
