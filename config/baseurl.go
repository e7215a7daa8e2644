package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A BaseURL is a scheme and a host. It is comparable; the zero BaseURL is unset.
type BaseURL struct {
	Scheme string // http or https
	Host   string // host or host:port
}

var errBaseURL = errors.New("must be a URL like http://127.0.0.1:9000, without user, path or query")

// UnmarshalText parses an http or https URL without a path. A slash at the end is
// allowed. Empty text is the zero BaseURL.
func (b *BaseURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = BaseURL{}
		return nil
	}
	u, err := parseWebURL(string(text))
	if err != nil {
		if !strings.Contains(string(text), "://") {
			return fmt.Errorf("%w; start it with http:// or https://", errBaseURL)
		}
		return errBaseURL
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host}
	switch {
	case strings.TrimSuffix(u.String(), "/") == bare.String():
	case u.User != nil:
		return fmt.Errorf("%w; remove the user", errBaseURL)
	case strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("%w; remove the path. Rules name the whole path of a request", errBaseURL)
	default:
		return errBaseURL
	}
	*b = BaseURL{u.Scheme, u.Host}
	return nil
}

var _ = yamlbind.Describe[BaseURL](yamlbind.Scalar{
	Want:    "a URL without a path",
	Schemas: []yamlbind.Schema{yamlbind.Matching(`^([Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+/?#?)?$`)},
})

// ParseBaseURL parses an http or https URL without a path.
func ParseBaseURL(text string) (b BaseURL, err error) {
	err = b.UnmarshalText([]byte(text))
	return b, err
}

// URL returns the base as a new URL.
func (b BaseURL) URL() *url.URL { return &url.URL{Scheme: b.Scheme, Host: b.Host} }

// String returns the base URL without a slash at its end, or "" if it is unset.
func (b BaseURL) String() string { return b.URL().String() }

// isAt reports whether the URL leads to this listener on the same machine.
func (b BaseURL) isAt(listener Address) bool {
	u := b.URL()
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	host, listening, err := net.SplitHostPort(string(listener))
	if err != nil || port != listening {
		return false
	}
	here, there := net.ParseIP(host), net.ParseIP(u.Hostname())
	if here.To4() != nil && there != nil && there.To4() == nil {
		return false // 0.0.0.0 does not include [::1]
	}
	everywhere := host == "" || here.IsUnspecified()
	return host == u.Hostname() || everywhere && (there.IsLoopback() || u.Hostname() == "localhost")
}

// parseWebURL parses an absolute http or https URL. Do not show its error: that of
// net/url contains the text, which may contain a password.
func parseWebURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("not an http or https URL")
	}
	return u, nil
}

// isPath reports whether text can be the path of a request, without a query.
func isPath(text string) bool {
	_, err := url.ParseRequestURI(text)
	return err == nil && strings.HasPrefix(text, "/") && !strings.ContainsAny(text, "?#")
}
