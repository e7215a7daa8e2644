package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// renamed returns the JWK of an Ed25519 issuer with another alg, or without alg.
func renamed(issuer *enrichtest.Issuer, alg string) string {
	member := ""
	if alg != "" {
		member = `"alg":"` + alg + `",`
	}
	return strings.Replace(jwkOf(issuer), `"alg":"`+issuer.Algorithm+`",`, member, 1)
}

// RFC 9864 gave the algorithm EdDSA with an Ed25519 key a second name.
func TestEd25519_HasTwoNames(t *testing.T) {
	for _, alg := range []string{"EdDSA", "Ed25519"} {
		issuer := enrichtest.NewIssuer(t, alg)
		dir := withDir(t)
		with := func(change func(*keys.Options)) func(*keys.Options) {
			return func(o *keys.Options) { dir(o); change(o) }
		}
		named := func(names ...string) func(*keys.Options) {
			return with(func(o *keys.Options) { o.Algorithms = names })
		}
		for name, ring := range map[string]*keys.Ring{
			"JWK EdDSA":          openFile(t, set(renamed(issuer, "EdDSA")), dir),
			"JWK Ed25519":        openFile(t, set(renamed(issuer, "Ed25519")), dir),
			"JWK without alg":    openFile(t, set(renamed(issuer, "")), dir),
			"allowed as EdDSA":   openFile(t, set(renamed(issuer, "")), named("EdDSA")),
			"allowed as Ed25519": openFile(t, set(renamed(issuer, "")), named("Ed25519")),
			"public key":         open(t, keys.Options{PublicKey: file(t, issuer.PublicPEM())}, dir),
			"backend's key":      open(t, keys.Options{BackendKey: file(t, issuer.PrivatePEM())}, nil),
		} {
			key := signer(t, ring, token(issuer))
			if key == nil || key.Algorithm() != alg {
				t.Errorf("%s, token %s: signed by %v, want a key of the same name", name, alg, key)
				continue
			}
			if !restores(t, ring, key) {
				t.Errorf("%s, token %s: the enriched token cannot be restored", name, alg)
			}
		}
		for _, other := range []string{"EdDSA", "Ed25519"} {
			ring := openFile(t, setOf(issuer), with(func(o *keys.Options) { o.Algorithm = other }))
			if key := signer(t, ring, token(issuer)); key.Algorithm() != other {
				t.Errorf("token %s with Options.Algorithm %s: signed with %s", alg, other, key.Algorithm())
			}
		}
	}
}

// Some verifiers refuse a token whose alg is the other name of the JWK's alg, and others
// refuse a JWK without alg.
func TestEd25519_OurJWKSaysWhatTheBackendsSay(t *testing.T) {
	issuer, second := enrichtest.NewIssuer(t, "EdDSA"), enrichtest.NewIssuer(t, "EdDSA")
	second.KeyID = "second"
	for name, tt := range map[string]struct {
		set    []byte
		change func(*keys.Options)
		want   any
	}{
		"EdDSA":                      {set(renamed(issuer, "EdDSA")), nil, "EdDSA"},
		"Ed25519":                    {set(renamed(issuer, "Ed25519")), nil, "Ed25519"},
		"none":                       {set(renamed(issuer, "")), nil, nil},
		"both":                       {set(renamed(issuer, "EdDSA"), renamed(second, "Ed25519")), nil, nil},
		"no Ed25519 key":             {setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Algorithms = []string{"ES256", "EdDSA"} }, "EdDSA"},
		"allowed under another name": {setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Algorithms = []string{"Ed25519"} }, "Ed25519"},
		"allowed under both names":   {setOf(enrichtest.NewIssuer(t, "ES256")), func(o *keys.Options) { o.Algorithms = []string{"EdDSA", "Ed25519"} }, nil},
		"signed under one name":      {set(renamed(issuer, "EdDSA")), func(o *keys.Options) { o.Algorithm = "Ed25519" }, "Ed25519"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := openDir(t)
			own := newKey(t, dir, "Ed25519", time.Now())
			ring := openFile(t, tt.set, func(o *keys.Options) {
				o.Dir = path
				if tt.change != nil {
					tt.change(o)
				}
			})
			ids := 0
			for _, jwk := range published(t, ring) {
				if jwk["kid"] != own.ID {
					continue
				}
				if ids++; jwk["alg"] != tt.want {
					t.Errorf("our JWK has the alg %v, want %v", jwk["alg"], tt.want)
				}
			}
			if ids != 1 || len(list(t, dir, time.Now())) > 2 {
				t.Errorf("our kid is published %d times, and there are the keys %v; want one key for both names", ids, list(t, dir, time.Now()))
			}
		})
	}
}

func TestKeydir_StoresBothNamesAsEdDSA(t *testing.T) {
	dir, _ := openDir(t)
	now := time.Now()
	first := newKey(t, dir, "Ed25519", now)
	if made, err := dir.Ensure("EdDSA", now); made || err != nil {
		t.Errorf("Ensure(EdDSA) made a key: %v (%v), want the one for Ed25519", made, err)
	}
	next := rotate(t, dir.Rotate, "Ed25519", now.Add(time.Hour))
	if first.Algorithm != "EdDSA" || len(next) != 1 || next[0].Former.ID != first.ID {
		t.Errorf("made %+v, rotated %+v; want a key of EdDSA, and the next one after it", first, next)
	}
}

// RFC 9864 registers no other names for JOSE.
func TestVerify_RefusesTheNamesOfCOSE(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	ring := openFile(t, setOf(issuer), nil)
	for _, algorithm := range []string{"ESP256", "ed25519", "Ed448"} {
		expect(t, ring, issuer.TokenWithHeader(`{"alg":"`+algorithm+`","kid":"key-ES256"}`, `{"sub":"u1"}`), badToken)
	}
}
