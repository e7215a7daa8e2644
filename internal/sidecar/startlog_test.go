package sidecar

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const started = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - {match: POST /login, tokens: [json:token, json:id_token]}
  - {match: POST /logout, restore: ["json:token"]}
preset: devise-jwt
verify: {jwks: "http://anna:geheim@127.0.0.1:1/keys?key=geheim", issuer: me}
sign: {keys: signing}
documents:
  mongodb: {uri: "mongodb://anna:geheim@a.example:27017/?x=geheim", database: app, collection: users}
  user_id_field: id
`

// logOf returns the lines that logStart writes, one for each topic.
func logOf(before, now []startLine) string {
	var text bytes.Buffer
	logStart(before, now, slog.New(slog.NewTextHandler(&text, nil)))
	return text.String()
}

func TestStart_SaysWhatRuns(t *testing.T) {
	cfg := load(t, map[string]string{"tokengraft.yaml": started})
	log := logOf(nil, startLines(cfg, nil))
	for _, want := range []string{
		"msg=backend address=http://127.0.0.1:1\n",
		`msg=rule match="POST /login" from=configuration tokens="[json:token json:id_token (without the claim)]" refresh=auto on_failure=pass restore=`,
		`msg=rule match="POST /logout" from=configuration restore=[json:token]`,
		`msg=rule match="POST /users/sign_in, POST /users/sign_in.json, POST /users, `,
		"from=preset tokens=[header:Authorization] refresh=no on_failure=pass\n",
		`msg="backend keys" from="[the JWK Set at http://127.0.0.1:1/keys]" issuers=[me]`,
		`msg=signing with=[sign.keys] algorithm=same keys=[] verifiers_ask="[/.well-known/jwks.json /keys?…]"`,
		"msg=documents source=mongodb hosts=a.example:27017 database=app collection=users user_id_claim=sub user_id_field=id user_id_type=auto",
		"msg=claim name=custom_data format=plain", "msg=restore on=true at=[] known_places=14", "msg=mode enabled=true shadow=false diagnose=auto on_failure=pass",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the start logs\n%s\nwant %q in it", log, want)
		}
	}
	if strings.Contains(log, "geheim") || strings.Contains(log, "anna") {
		t.Errorf("the start logs\n%s\nwant no credential in it", log)
	}
}

func TestStart_BoundsTheLinesAboutRules(t *testing.T) {
	var text strings.Builder
	text.WriteString("listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\nverify: {secret: 0123456789abcdef0123456789abcdef}\ndocuments: {file: users.json, user_id_field: id}\nrules:\n")
	for i := range 100 {
		n := strings.Repeat("x", i+1)
		text.WriteString("  - {match: POST /" + n + ", tokens: [json:" + n + "]}\n")
	}
	log := logOf(nil, startLines(load(t, map[string]string{"tokengraft.yaml": text.String()}), nil))
	if n := strings.Count(log, "msg=rule "); n != maxRuleLines || !strings.Contains(log, "shows all\" count=70\n") {
		t.Errorf("the start logs %d lines about 100 rules, want %d and the number of the others:\n%s", n, maxRuleLines, log)
	}
}

func TestStart_NamesOnlyWhatChanged(t *testing.T) {
	before := startLines(load(t, map[string]string{"tokengraft.yaml": started}), nil)
	if log := logOf(before, before); log != "" {
		t.Errorf("without a change the log is\n%s\nwant nothing", log)
	}
	for _, tt := range []struct {
		from, to string
		want     []string
	}{
		{"database: app", "database: other", []string{"msg=documents source=mongodb hosts=a.example:27017 database=other"}},
		{"anna:geheim@a", "ben:secret@a", nil},
		{"  - {match: POST /logout, restore: [\"json:token\"]}\n", "", []string{`msg="this rule is gone" match="POST /logout"`}},
		{"json:token, json:id_token", "json:token", []string{`msg=rule match="POST /login" from=configuration tokens=[json:token]`}},
	} {
		now := load(t, map[string]string{"tokengraft.yaml": strings.Replace(started, tt.from, tt.to, 1)})
		log := logOf(before, startLines(now, nil))
		for _, want := range tt.want {
			if !strings.Contains(log, want) {
				t.Errorf("with %q the log is\n%s\nwant %q in it", tt.to, log, want)
			}
		}
		if n := strings.Count(log, "\n"); n != len(tt.want) {
			t.Errorf("with %q the log has %d lines, want %d:\n%s", tt.to, n, len(tt.want), log)
		}
	}
}

func TestStart_NamesRulesOfTheDiscoveryDocumentWhenItIsRead(t *testing.T) {
	cfg := load(t, map[string]string{"tokengraft.yaml": "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\noidc: true\nsign: {keys: signing}\ndocuments: {file: users.json, user_id_field: id}\n"})
	before := startLines(cfg, nil)
	if log, want := logOf(nil, before), "the rules of the discovery document follow"; !strings.Contains(log, want) {
		t.Errorf("before, the log is\n%s\nwant %q in it", log, want)
	}
	now := startLines(cfg, &oidc.Discovery{Issuer: "me", Token: "/oauth2/token", JWKS: "/keys"})
	log := logOf(before, now)
	for _, want := range []string{`msg=rule match="POST /oauth2/token" from=oidc`, `verifiers_ask="[/.well-known/jwks.json /keys]"`} {
		if !strings.Contains(log, want) || strings.Count(log, "\n") != 2 {
			t.Errorf("then, the log is\n%s\nwant two lines, and %q", log, want)
		}
	}
}

// A sidecar that runs logs the lines, and after a reload those that changed.
func TestStart_IsLoggedByRunAndReload(t *testing.T) {
	const text = "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\nrules: [{match: POST /login, tokens: [body]}]\nverify: {secret: 0123456789abcdef0123456789abcdef}\ndocuments: {file: users.json, user_id_field: id}\n"
	cfg := load(t, map[string]string{"users.json": "[]", "tokengraft.yaml": text})
	lines := make(lineWriter, 100)
	file := cfg.File()
	s, err := Open(cfg, Options{
		Logger: slog.New(slog.NewTextHandler(lines, nil)),
		Load:   func() (*config.Config, error) { return config.Load(file, os.LookupEnv) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	lines.await(t, `msg=claim name=custom_data`)
	if err := os.WriteFile(file, []byte(text+"claim: {name: other}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Reload()
	if seen := lines.await(t, `msg=claim name=other`); strings.Contains(seen, "msg=rule") {
		t.Errorf("the reload logs\n%s\nwant only what changed", seen)
	}
	stop()
	<-ended
}

// A lineWriter gets the lines of a log.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

// await waits for a line, and returns those before it.
func (w lineWriter) await(t *testing.T, want string) (seen string) {
	for !strings.Contains(seen, want) {
		select {
		case line := <-w:
			seen += line
		case <-t.Context().Done():
			t.Fatalf("the log has no line %q:\n%s", want, seen)
		}
	}
	return seen
}
