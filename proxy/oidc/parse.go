package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// MaxDocument is the size of the largest discovery document that is read, in bytes.
const MaxDocument = 1 << 20

// Parse parses a discovery document and ignores unknown members. The members issuer
// and jwks_uri are required, addresses must be absolute http or https URLs, and an
// object must not have two members of the same name. The error names every member
// that is wrong. Parse does not keep the document.
func Parse(document []byte) (Discovery, error) {
	if len(document) > MaxDocument {
		return Discovery{}, fmt.Errorf("discovery document: it is larger than %d bytes", MaxDocument)
	}
	object, err := jsonedit.Parse(document)
	if err != nil {
		return Discovery{}, fmt.Errorf("discovery document: %w", err)
	}
	r := reader{object: object}
	d := Discovery{
		Issuer:              r.required("issuer"),
		Authorization:       r.path("authorization_endpoint"),
		Token:               r.path("token_endpoint"),
		TokenMTLS:           r.path(mtlsAliases, "token_endpoint"),
		UserInfo:            r.path("userinfo_endpoint"),
		Introspection:       r.path("introspection_endpoint"),
		Revocation:          r.path("revocation_endpoint"),
		EndSession:          r.path("end_session_endpoint"),
		DeviceAuthorization: r.path("device_authorization_endpoint"),
		JWKS:                r.pathAndQuery("jwks_uri"),
		Algorithms:          r.texts(idTokenAlgorithms),
	}
	if err := errors.Join(r.faults...); err != nil {
		return Discovery{}, fmt.Errorf("discovery document: %w", err)
	}
	return d, nil
}

const (
	idTokenAlgorithms = "id_token_signing_alg_values_supported"
	mtlsAliases       = "mtls_endpoint_aliases"
)

// A reader reads members and collects their faults. A fault names the member but does
// not show its value, because an address can contain a password.
type reader struct {
	object *jsonedit.Object
	faults []error
}

func (r *reader) fault(member jsonedit.Path, text string) {
	r.faults = append(r.faults, fmt.Errorf("%s %s", strings.Join(member, "."), text))
}

// text returns the string of a member, and "" if the member is missing.
func (r *reader) text(member ...string) string {
	value := r.object.Lookup(member)
	if absent(value) {
		return ""
	}
	text, ok := jsonedit.Unquote(value)
	if !ok {
		r.fault(member, "is not a string")
	}
	return text
}

// absent reports whether a value is missing. Some backends write null instead.
func absent(value []byte) bool { return value == nil || string(value) == "null" }

func (r *reader) required(member string) string {
	before := len(r.faults)
	text := r.text(member)
	if text == "" && len(r.faults) == before {
		r.fault(jsonedit.Path{member}, "is missing")
	}
	return text
}

func (r *reader) texts(member string) []string {
	value := r.object.Value(member)
	if absent(value) {
		return nil
	}
	var texts []string
	if json.Unmarshal(value, &texts) != nil {
		r.fault(jsonedit.Path{member}, "is not a list of strings")
	}
	return texts
}

// path returns the path of an address, without its query, because rules match only
// paths.
func (r *reader) path(member ...string) string {
	u := r.url(r.text(member...), member)
	if u == nil {
		return ""
	}
	u.RawQuery, u.ForceQuery = "", false
	return u.RequestURI()
}

func (r *reader) pathAndQuery(member string) string {
	u := r.url(r.required(member), jsonedit.Path{member})
	if u == nil {
		return ""
	}
	return u.RequestURI()
}

// url parses an address. It returns nil if the address is empty or wrong.
func (r *reader) url(text string, member jsonedit.Path) *url.URL {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		r.fault(member, "is not an absolute http or https URL")
		return nil
	}
	return u
}
