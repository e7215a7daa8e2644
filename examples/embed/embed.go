// Package embed shows the proxy as an [http.Handler] in a program of one's own:
// behind one's own listener, beside other handlers, with one's own source of
// documents.
package embed

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Documents is a source of one's own: anything that finds a user's document.
// What it returns must be one JSON object; when the read began says how fresh it
// is.
type Documents map[string]json.RawMessage

// Lookup implements [enrich.Source].
func (d Documents) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	began := time.Now()
	document, ok := d[q.User.ID]
	if !ok {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return enrich.Document{JSON: document, ReadAt: began}, nil
}

// Handler returns the proxy in front of a backend that answers POST /login with
// {"access_token": …}, signed with a secret that it shares with us.
func Handler(backend *url.URL, secret []byte, documents enrich.Source) (http.Handler, error) {
	logger := slog.New(slog.DiscardHandler)
	ring, err := keys.Open(keys.Options{Secret: secret, Leeway: 30 * time.Second, Logger: logger})
	if err != nil {
		return nil, err
	}
	enricher, err := enrich.New(enrich.Options{
		Ring:    ring,
		Source:  documents,
		UserID:  "sub",
		Claim:   "custom_data",
		Kinds:   []enrich.Kind{enrich.Access},
		MaxSize: 16 << 10,
		Logger:  logger,
	})
	if err != nil {
		return nil, err
	}
	rules, err := proxy.NewRules([]proxy.Rule{{Pattern: "POST /login", Tokens: []locate.Location{locate.MustParse("json:access_token")}}})
	if err != nil {
		return nil, err
	}
	return proxy.New(proxy.Options{
		Backend: backend,
		Logger:  logger,
	}, &proxy.Snapshot{
		Rules:    rules,
		Enricher: enricher,
	})
}
