// Client is a strict OpenID Connect client without a browser. It logs in to the
// sample provider of examples/testbed with the authorization code flow and PKCE,
// checks everything that a client can check, calls userinfo, refreshes and logs out.
// It prints each result.
//
//	go run ./examples/oidc/client ISSUER
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const redirectURI = "http://127.0.0.1:1/callback" // the client reads it and does not follow it

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client ISSUER")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, issuer string) error {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	client := oauth2.Config{
		ClientID: "web", ClientSecret: "secret", Endpoint: provider.Endpoint(), RedirectURL: redirectURI,
		Scopes: []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess},
	}
	verifier, state := oauth2.GenerateVerifier(), rand.Text()
	code, err := authorize(ctx, client.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), issuer)
	if err != nil {
		return err
	}
	tokens, err := client.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	if err := show(ctx, w, "login", provider, tokens); err != nil {
		return err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "userinfo: sub %s\n", info.Subject)
	refreshed, err := client.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil {
		return err
	}
	if err := show(ctx, w, "refresh", provider, refreshed); err != nil {
		return err
	}
	return logout(ctx, w, provider, refreshed)
}

// show verifies the id_token, and with its at_hash the access token. It prints the
// claim that tokengraft added.
func show(ctx context.Context, w io.Writer, what string, provider *oidc.Provider, tokens *oauth2.Token) error {
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
		return err
	}
	// An access token is not an id_token, but the same keys sign it.
	access, err := provider.Verifier(&oidc.Config{ClientID: "web"}).Verify(ctx, tokens.AccessToken)
	if err != nil {
		return err
	}
	var claims struct {
		CustomData json.RawMessage `json:"custom_data"`
	}
	if err := access.Claims(&claims); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: id_token and access token verify, custom_data %s\n", what, claims.CustomData)
	return nil
}

// authorize fills in the provider's login form, and returns the code.
func authorize(ctx context.Context, authURL, issuer string) (code string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form, err := redirected(browser.Get(authURL))
	if err != nil {
		return "", err
	}
	callback, err := redirected(browser.PostForm(issuer+"login/username", url.Values{
		"id": {form.Query().Get("authRequestID")}, "username": {"test-user@localhost"}, "password": {"verysecure"},
	}))
	if err != nil {
		return "", err
	}
	back, err := redirected(browser.Get(callback.String()))
	if err != nil {
		return "", err
	}
	return back.Query().Get("code"), nil
}

func redirected(response *http.Response, err error) (*url.URL, error) {
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return response.Location()
}

// logout ends the session. The id_token says which one.
func logout(ctx context.Context, w io.Writer, provider *oidc.Provider, tokens *oauth2.Token) error {
	var endpoints struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&endpoints); err != nil {
		return err
	}
	hint, _ := tokens.Extra("id_token").(string)
	query := url.Values{"id_token_hint": {hint}, "client_id": {"web"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoints.EndSession+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusFound {
		return errors.New("logout: the provider answered " + response.Status + ", want 302 Found")
	}
	fmt.Fprintln(w, "logout: done")
	return nil
}
