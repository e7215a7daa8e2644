package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Time between two sign-ins of [Demo.Trickle].
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 1200 * time.Millisecond
)

// Trickle signs users in through the sidecar, one after the other in different ways, until
// ctx ends. So the console of a demonstration has something to show. Errors are left to the
// log of the sidecar.
func (d *Demo) Trickle(ctx context.Context) {
	refresh := ""
	for ctx.Err() == nil {
		switch rand.IntN(6) {
		case 0:
			d.post(ctx, "/login/cookie", someone())
		case 1:
			d.post(ctx, "/login/header", someone())
		case 2:
			d.post(ctx, "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		case 3:
			d.post(ctx, "/oauth/token", with(someone(), "grant_type", "password"))
		default:
			if tokens, err := LogIn(ctx, d.Public); err == nil {
				refresh = tokens.Refresh
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(shortestPause + rand.N(longestPause-shortestPause)):
		}
	}
}

// someone returns the credentials of a user. One of the three has no document.
func someone() url.Values {
	users := []string{"anna", "ben", "cleo"}
	return url.Values{"username": {users[rand.IntN(len(users))]}, "password": {"secret"}}
}

func with(form url.Values, name, value string) url.Values {
	form.Set(name, value)
	return form
}

func (d *Demo) post(ctx context.Context, path string, form url.Values) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Public+path, strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, _, _ = do(request) // the page shows what the sidecar made of it
}
