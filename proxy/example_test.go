package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// fixedToken is an Enricher that replaces every token with the same text. Real programs
// use enrich.New.
type fixedToken string

func (f fixedToken) Enrich(_ context.Context, g enrich.Grant) []enrich.Outcome {
	outcomes := make([]enrich.Outcome, len(g.Tokens))
	for i := range outcomes {
		outcomes[i] = enrich.Outcome{Raw: string(f), Reason: enrich.OK}
	}
	return outcomes
}

func (fixedToken) EnrichObject(_ context.Context, object []byte) ([]byte, error) { return object, nil }
func (fixedToken) MayRestore(string) bool                                        { return false }
func (fixedToken) Restore(token string) (string, bool)                           { return token, false }

func Example() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"expires_in":60,"access_token":"the.original.token"}`)
	}))
	defer backend.Close()
	address, _ := url.Parse(backend.URL)
	rules, _ := proxy.NewRules([]proxy.Rule{{
		Pattern: "POST /login",
		Tokens:  []locate.Location{locate.MustParse("json:access_token")},
	}})
	handler, err := proxy.New(proxy.Options{Backend: address}, &proxy.Snapshot{Rules: rules, Enricher: fixedToken("the.enriched.token")})
	if err != nil {
		fmt.Println(err)
		return
	}
	front := httptest.NewServer(handler)
	defer front.Close()
	response, err := http.Post(front.URL+"/login", "application/json", bytes.NewReader(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
	// Output: {"expires_in":60,"access_token":"the.enriched.token"}
}
