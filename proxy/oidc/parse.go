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

// Parse parses a discovery document and ignores unknown members. It leaves out a member
// that is of the wrong type, an address that is not an absolute http or https URL, and a
// member that occurs twice with different values; Discovery.LeftOut names them. It returns
// an error if issuer cannot be read, or if issuer or jwks_uri is missing. A byte order mark
// at the start is accepted. Parse does not keep the document.
func Parse(document []byte) (Discovery, error) {
	if len(document) > MaxDocument {
		return Discovery{}, fmt.Errorf("discovery document: it is larger than %d bytes", MaxDocument)
	}
	object, err := jsonedit.ParseLenient(document)
	if err != nil {
		return Discovery{}, fmt.Errorf("discovery document: %w", err)
	}
	r := reader{object: object}
	if err := r.checkRequired(); err != nil {
		return Discovery{}, fmt.Errorf("discovery document: %w", err)
	}
	d := Discovery{
		Issuer:              r.text("issuer"),
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
	d.LeftOut = r.faults
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
	faults []string
}

func (r *reader) fault(member jsonedit.Path, text string) {
	r.faults = append(r.faults, strings.Join(member, ".")+" "+text)
}

// value returns the JSON text of a member. It is nil if the member is missing, or if it
// has two values, because clients may read the other one.
func (r *reader) value(member jsonedit.Path) []byte {
	if r.object.Contradicts(member[0]) {
		r.fault(member[:1], "occurs twice with different values")
		return nil
	}
	return r.object.Lookup(member)
}

// text returns the string of a member, and "" if the member is missing.
func (r *reader) text(member ...string) string {
	value := r.value(member)
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

// checkRequired returns an error if the document is not complete: then it is probably not
// the document, but some other answer of a backend that does not work.
func (r *reader) checkRequired() error {
	var faults []error
	for _, member := range []string{"issuer", "jwks_uri"} {
		if value := r.object.Value(member); absent(value) || string(value) == `""` {
			faults = append(faults, fmt.Errorf("%s is missing", member))
		}
	}
	if len(faults) == 0 && r.text("issuer") == "" {
		faults = append(faults, errors.New(r.faults[0]))
	}
	return errors.Join(faults...)
}

func (r *reader) texts(member string) []string {
	value := r.value(jsonedit.Path{member})
	if absent(value) {
		return nil
	}
	var texts []string
	if json.Unmarshal(value, &texts) != nil {
		r.fault(jsonedit.Path{member}, "is not a list of strings")
		return nil
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
	u := r.url(r.text(member), jsonedit.Path{member})
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
