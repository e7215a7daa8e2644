package config_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

const example = `listen: :8080
backend: ${BACKEND}
rules:
  - match: POST /oauth/token
    tokens: [json:access_token]
verify: {secret_file: secret}
documents:
  mongodb: {uri: mongodb://localhost, database: app, collection: users}
  user_id_field: _id
cache: {max_age: 5m}
`

// Load reads a file, expands its variables, and reads the secrets that it names.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "tokengraft.yaml")
	os.WriteFile(name, []byte(example), 0o600)
	os.WriteFile(filepath.Join(dir, "secret"), []byte("hunter2\n"), 0o600)
	os.Setenv("BACKEND", "http://auth:9000")

	cfg, err := config.Load(name, os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cfg.Backend, cfg.Rules[0].Match, cfg.Rules[0].Tokens)
	fmt.Println(cfg.Verify.Secret)
	fmt.Println(cfg.Cache.MaxAge, cfg.Cache.MaxBytes, cfg.OnFailure)
	// Output:
	// http://auth:9000 POST /oauth/token [json:access_token]
	// [redacted]
	// 5m0s 64MiB pass
}

// Load reports all faults of a file at once.
func ExampleFaults() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "tokengraft.yaml")
	os.WriteFile(name, []byte("listen: 8080\nbakend: http://auth:9000\non_failure: ignore\noidc: true\n"), 0o600)

	_, err = config.Load(name, os.LookupEnv)
	fmt.Println(strings.ReplaceAll(err.Error(), dir+"/", ""))
	// Output:
	// tokengraft.yaml:1:1: documents: is required; set it to a mapping with the settings mongodb, file, user_id_claim, user_id_field, user_id_type, user_id_issuer, issuer_shared
	// tokengraft.yaml:1:1: sign.keys: is required, because oidc allows tokens that are signed with a private key; set it to a directory for the sidecar's own keys, or set sign.backend_key to the key of the backend. If a secret signs all tokens, set verify.secret
	// tokengraft.yaml:1:9: listen: must be host:port, like 127.0.0.1:8080 or :8080
	// tokengraft.yaml:2:1: bakend: unknown setting; did you mean backend?
	// tokengraft.yaml:3:13: on_failure: "ignore" is unknown; use pass or refuse
}

// A configuration can be made in Go.
func ExampleConfig_Validate() {
	var token locate.Location
	if err := token.UnmarshalText([]byte("json:access_token")); err != nil {
		log.Fatal(err)
	}
	cfg := config.Default()
	cfg.Listen = ":8080"
	cfg.Backend = config.BaseURL{Scheme: "http", Host: "auth:9000"}
	cfg.Rules = []config.Rule{{Match: "POST /oauth/token", Tokens: []locate.Location{token}}}
	cfg.Verify.Secret = config.NewSecret("hunter2")
	cfg.Documents.File = "users.json"

	fmt.Println(cfg.Validate())
	cfg.Documents.UserIDField = "_id"
	fmt.Println(cfg.Validate())
	// Output:
	// documents.user_id_field: is required; set it to text
	// <nil>
}
