package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// The commands that the demonstration suggests work.
func TestDemo_SuggestsCommandsThatWork(t *testing.T) {
	d, err := demo.Start(t.Context(), telemetry.Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	var shown, invitation bytes.Buffer
	token, err := showDemo(t.Context(), &shown, d)
	if err != nil {
		t.Fatal(err)
	}
	suggestCommands(&invitation, d, token)
	for _, want := range []string{d.Public + "/login", d.Public + "/.well-known/jwks.json", d.Admin + "/metrics", d.Admin + "/\n", d.Token, d.Dir + "/tokengraft.yaml", "sed -i.bak "} {
		if !strings.Contains(invitation.String(), want) {
			t.Errorf("the suggested commands are\n%s\nwant %s in them", &invitation, want)
		}
	}
	metrics := read(t)(http.Get(d.Admin + "/metrics"))
	if want := `tokengraft_tokens_total{reason="ok",rule="POST /login"} 2`; !strings.Contains(metrics, want) {
		t.Errorf("the metrics after a login are\n%s\nwant %s among them", metrics, want)
	}
	editDocument(t, d)
	refresh := regexp.MustCompile(`(http://\S+) -d grant_type=refresh_token -d refresh_token=(\S+)`).FindStringSubmatch(invitation.String())
	if refresh == nil {
		t.Fatalf("the suggested commands are\n%s\nwant a refresh among them", &invitation)
	}
	var tokens demo.Tokens
	body := read(t)(http.PostForm(refresh[1], url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh[2]}}))
	if err := json.Unmarshal([]byte(body), &tokens); err != nil {
		t.Fatalf("the refresh returns %s: %v", body, err)
	}
	if _, claims := enrichtest.DecodeToken(t, tokens.Access); !strings.Contains(claims, "Graz") {
		t.Errorf("the claims after the document changed are %s, want Graz in them", claims)
	}
}

// The trickle signs in with different outcomes, until its context ends.
func TestDemo_TrickleSignsIn(t *testing.T) {
	d, err := demo.Start(t.Context(), telemetry.Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	if _, err := demo.LogIn(t.Context(), d.Public); err != nil { // which waits until it listens
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Trickle(ctx)
	}()
	want := regexp.MustCompile(`tokengraft_tokens_total\{reason="ok",rule="POST /login/[^"]*"\} [1-9]`)
	for !want.MatchString(read(t)(http.Get(d.Admin + "/metrics"))) {
		if t.Context().Err() != nil {
			t.Fatal("no token was enriched")
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	<-done
	if log := d.Log(); strings.Contains(log, "ERROR") {
		t.Errorf("the log of the sidecar has errors:\n%s", log)
	}
}

// editDocument makes the change that the demonstration suggests with sed.
func editDocument(t *testing.T, d *demo.Demo) {
	t.Helper()
	users := filepath.Join(d.Dir, "users.json")
	documents, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(users, bytes.ReplaceAll(documents, []byte("Wien"), []byte("Graz")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// read returns a function that returns the body of a response.
func read(t *testing.T) func(*http.Response, error) string {
	return func(response *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
}

func TestDemo_FailsIfTheTokenIsNotEnriched(t *testing.T) {
	d, err := demo.Start(t.Context(), telemetry.Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	d.Public = d.Backend // without the sidecar
	_, err = showDemo(t.Context(), io.Discard, d)
	if want := "does not contain custom_data; the log of the sidecar says why"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("showDemo without the sidecar: error %v, want %q", err, want)
	}
}
