package oidc_test

import (
	"fmt"
	"net/url"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const document = `{
  "issuer": "https://id.example",
  "token_endpoint": "http://backend:8080/oauth/token",
  "jwks_uri": "http://backend:8080/keys",
  "id_token_signing_alg_values_supported": ["RS256"]
}`

func ExampleDiscovery_Rules() {
	discovery, err := oidc.Parse([]byte(document))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range discovery.Rules(enrich.Pass) {
		fmt.Println(rule.Pattern, rule.Tokens)
	}
	// Output: POST /oauth/token [json:access_token json:id_token]
}

func ExampleEdit() {
	edited := oidc.Edit([]byte(document), oidc.Edits{
		Algorithms: []string{"ES256"},
		Backend:    &url.URL{Scheme: "http", Host: "backend:8080"},
		PublicURL:  &url.URL{Scheme: "https", Host: "id.example"},
	})
	fmt.Println(string(edited))
	// Output:
	// {
	//   "issuer": "https://id.example",
	//   "token_endpoint": "https://id.example/oauth/token",
	//   "jwks_uri": "https://id.example/keys",
	//   "id_token_signing_alg_values_supported": ["RS256","ES256"]
	// }
}
