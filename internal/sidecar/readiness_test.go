package sidecar

import "testing"

// A gate refuses tokens that cannot be verified, whatever the policy is.
func TestRefuses_GatesDoToo(t *testing.T) {
	for settings, want := range map[string]bool{
		`rules: [{match: POST /login, tokens: [body]}]`:                                             false,
		`rules: [{match: POST /login, tokens: [body], on_failure: refuse}]`:                         true,
		`rules: [{match: POST /login, tokens: [body], gate: true}]`:                                 true,
		"rules: [{match: POST /login, tokens: [body], gate: true}]\nshadow: true":                   false,
		"rules: [{match: POST /logout, restore: [\"json:token\"]}]\noidc: true\non_failure: refuse": true,
		"rules: [{match: POST /logout, restore: [\"json:token\"]}]\noidc: true":                     false,
	} {
		cfg := load(t, map[string]string{"users.json": "[]", "tokengraft.yaml": "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\n" + settings + `
verify: {secret: 0123456789abcdef0123456789abcdef}
documents: {file: users.json, user_id_field: id}
`})
		if got := refuses(cfg); got != want {
			t.Errorf("with\n%s\nrefuses = %t, want %t", settings, got, want)
		}
	}
}
