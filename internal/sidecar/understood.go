package sidecar

import (
	"net/url"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// An Understanding is what a configuration means, for people and programs. It has no
// secret and no credential. The JSON names are documented in docs/operations.md, and
// stay.
type Understanding struct {
	// Rules has the rules that apply, in the order of the configuration. Those of the
	// discovery document are last, and missing until it has been read.
	Rules     []UnderstoodRule    `json:"rules"`
	Discovery string              `json:"discovery"` // off, read, or not read
	Restore   UnderstoodRestore   `json:"restore"`
	Verifiers []string            `json:"verifiers_ask"` // paths of the JWK Set; empty if verifiers keep their keys
	Claim     UnderstoodClaim     `json:"claim"`
	Verify    UnderstoodVerify    `json:"verify"`
	Sign      UnderstoodSign      `json:"sign"`
	Documents UnderstoodDocuments `json:"documents"`
	Shadow    bool                `json:"shadow"`
	Off       bool                `json:"off"`      // claim.enabled is false
	Diagnose  string              `json:"diagnose"` // auto, on or off
}

// UnderstoodRestore says where enriched tokens of requests to any path are restored.
type UnderstoodRestore struct {
	On    bool     `json:"on"`
	Known []string `json:"known"` // without a setting
	At    []string `json:"at"`    // because of restore.at, and of headers and cookies of rules
}

// UnderstoodClaim is the claim that tokens get.
type UnderstoodClaim struct {
	Name      string   `json:"name"`
	Format    string   `json:"format"`
	Include   []string `json:"include"`
	Exclude   []string `json:"exclude"`
	Kinds     []string `json:"kinds"`
	Responses []string `json:"responses"`
	MaxSize   int64    `json:"max_size"`
	// Credentials says what happens to fields that look like credentials: drop, warn, allow.
	Credentials string `json:"credentials"`
}

// UnderstoodVerify says where the backend's keys come from.
type UnderstoodVerify struct {
	From       []string `json:"from"`
	Issuers    []string `json:"issuers"`
	Audience   []string `json:"audience"`
	Algorithms []string `json:"algorithms"` // empty: those that fit the keys
}

// UnderstoodSign says who signs enriched tokens.
type UnderstoodSign struct {
	With      []string        `json:"with"`      // sign.keys, sign.backend_key, verify.secret
	Algorithm string          `json:"algorithm"` // of asymmetric originals; same: that of the original
	Keys      []UnderstoodKey `json:"keys"`      // of sign.keys
}

// An UnderstoodKey is one of the keys of the sidecar.
type UnderstoodKey struct {
	Algorithm string `json:"algorithm"`
	ID        string `json:"kid"`
	State     string `json:"state"` // next, active or retired
}

// UnderstoodDocuments says where documents are, and whose they are.
type UnderstoodDocuments struct {
	Source      string `json:"source"` // mongodb or file
	Hosts       string `json:"hosts,omitempty"`
	Database    string `json:"database,omitempty"`
	Collection  string `json:"collection,omitempty"`
	File        string `json:"file,omitempty"`
	UserIDClaim string `json:"user_id_claim"`
	UserIDField string `json:"user_id_field"`
	UserIDType  string `json:"user_id_type"`
}

// understand returns what a configuration means. d is the discovery document, or nil if
// it has not been read.
func understand(cfg *config.Config, d *oidc.Discovery) Understanding {
	u := Understanding{
		Discovery: "off",
		Restore:   understoodRestore(cfg),
		Claim:     understoodClaim(cfg),
		Verify:    understoodVerify(cfg),
		Sign:      understoodSign(cfg),
		Documents: understoodDocuments(cfg),
		Shadow:    cfg.Shadow,
		Off:       !cfg.Claim.Enabled,
		Diagnose:  string(cfg.Diagnose),
	}
	switch {
	case d != nil:
		u.Discovery = "read"
	case cfg.OIDC.Enabled:
		u.Discovery = "not read"
	}
	if d == nil {
		d = &oidc.Discovery{}
	}
	u.Rules = understoodRules(cfg, *d)
	u.Verifiers = jwksPathsOf(cfg, *d)
	return u
}

func understoodRestore(cfg *config.Config) UnderstoodRestore {
	r := UnderstoodRestore{On: cfg.Restores(), Known: []string{}, At: []string{}}
	if !r.On {
		return r
	}
	r.Known = texts(locate.KnownInRequests())
	anywhere := cfg.Restore.At
	for _, rule := range cfg.Rules {
		for _, location := range rule.Tokens {
			if location.InHeader() {
				anywhere = append(anywhere[:len(anywhere):len(anywhere)], location)
			}
		}
	}
	r.At = without(texts(anywhere), r.Known)
	return r
}

func understoodClaim(cfg *config.Config) UnderstoodClaim {
	c := cfg.Claim
	return UnderstoodClaim{
		Name: c.Name, Format: string(c.Format), Include: noNil(c.Include), Exclude: noNil(c.Exclude),
		Kinds: noNil(words(c.Kinds)), Responses: noNil(words(c.Responses)), MaxSize: int64(c.MaxSize), Credentials: string(c.Credentials),
	}
}

func understoodVerify(cfg *config.Config) UnderstoodVerify {
	v := cfg.Verify
	u := UnderstoodVerify{From: []string{}, Issuers: noNil(v.Issuer), Audience: noNil(v.Audience), Algorithms: noNil(words(v.Algorithms))}
	add := func(set bool, text string) {
		if set {
			u.From = append(u.From, text)
		}
	}
	add(!v.Secret.IsZero(), "verify.secret")
	if secretOnly(cfg) {
		return u
	}
	add(v.JWKS.URL != "", "the JWK Set at "+withoutCredentials(v.JWKS.URL))
	add(v.JWKS.File != "", "the JWK Set in "+string(v.JWKS.File))
	add(v.PublicKey != "", "the public key in "+string(v.PublicKey))
	add(len(u.From) == 0 && !cfg.OIDC.Enabled && cfg.Sign.BackendKey != "", "the key of sign.backend_key")
	add(cfg.OIDC.Enabled && v.JWKS == (config.JWKS{}) && v.PublicKey == "", "the JWK Set that the discovery document names")
	return u
}

// withoutCredentials returns a URL without user, query and fragment.
func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a URL"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

func understoodSign(cfg *config.Config) UnderstoodSign {
	u := UnderstoodSign{With: []string{}, Algorithm: string(cfg.Sign.Algorithm), Keys: []UnderstoodKey{}}
	if !cfg.Verify.Secret.IsZero() {
		u.With = append(u.With, "verify.secret")
	}
	switch {
	case cfg.Sign.BackendKey != "":
		u.With = append(u.With, "sign.backend_key")
	case cfg.Sign.Keys != "" && !secretOnly(cfg):
		u.With = append(u.With, "sign.keys")
		u.Keys = keysIn(string(cfg.Sign.Keys))
	}
	return u
}

// keysIn returns the keys in a directory; none if it cannot be read, which is reported
// elsewhere.
func keysIn(path string) []UnderstoodKey {
	keys := []UnderstoodKey{}
	dir, err := keydir.Open(path)
	if err != nil {
		return keys
	}
	infos, _ := dir.List(time.Now())
	for _, info := range infos {
		keys = append(keys, UnderstoodKey{info.Algorithm, info.ID, string(info.State)})
	}
	return keys
}

func understoodDocuments(cfg *config.Config) UnderstoodDocuments {
	d := cfg.Documents
	u := UnderstoodDocuments{Source: "file", File: string(d.File), UserIDClaim: string(d.UserIDClaim), UserIDField: d.UserIDField, UserIDType: string(d.UserIDType)}
	if d.File == "" {
		u.Source, u.Hosts, u.Database, u.Collection = "mongodb", mongodoc.Hosts(d.MongoDB.URI.Reveal()), d.MongoDB.Database, d.MongoDB.Collection
	}
	return u
}

// sourceName returns where documents come from, for a sentence: " of HOSTS".
func sourceName(cfg *config.Config) string {
	d := understoodDocuments(cfg)
	switch {
	case d.Hosts != "":
		return " from MongoDB at " + d.Hosts
	case d.File != "":
		return " from " + d.File
	}
	return ""
}
