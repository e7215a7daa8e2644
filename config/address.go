package config

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// An Address is host:port to listen at, as [net.Listen] takes it. An empty host
// is every interface. The zero Address is no listener.
type Address string

// UnmarshalText parses host:port with a numeric port.
func (a *Address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("want host:port, like 127.0.0.1:8080 or :8080")
	}
	*a = Address(text)
	return nil
}

// A BaseURL is a scheme and a host. It is comparable; the zero BaseURL is unset.
type BaseURL struct {
	Scheme string // http or https
	Host   string // host or host:port
}

var errBaseURL = errors.New("want a URL like http://127.0.0.1:9000, without user, path or query")

// UnmarshalText parses an http or https URL of nothing but a host; a slash at
// its end means nothing. Empty text is the zero BaseURL.
func (b *BaseURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = BaseURL{}
		return nil
	}
	u, err := parseWebURL(string(text))
	if err != nil {
		return errBaseURL
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host}
	if strings.TrimSuffix(u.String(), "/") != bare.String() {
		return errBaseURL
	}
	*b = BaseURL{u.Scheme, u.Host}
	return nil
}

// URL returns the base as a new URL.
func (b BaseURL) URL() *url.URL { return &url.URL{Scheme: b.Scheme, Host: b.Host} }

// String returns the base without a slash at its end; empty if unset.
func (b BaseURL) String() string { return b.URL().String() }

// isAt reports whether a listener of this machine is what one would reach.
func (b BaseURL) isAt(listener Address) bool {
	u := b.URL()
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	host, listening, err := net.SplitHostPort(string(listener))
	if err != nil || port != listening {
		return false
	}
	here, there := net.ParseIP(host), net.ParseIP(u.Hostname())
	if here.To4() != nil && there != nil && there.To4() == nil {
		return false // 0.0.0.0 leaves [::1] to others
	}
	everywhere := host == "" || here.IsUnspecified()
	return host == u.Hostname() || everywhere && (there.IsLoopback() || u.Hostname() == "localhost")
}

// parseWebURL parses an absolute http or https URL. Its error is not for
// people: that of net/url shows the text, which may have a password in it.
func parseWebURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("no http or https URL")
	}
	return u, nil
}

// isPath reports whether text can be the path of a request, without a query.
func isPath(text string) bool {
	_, err := url.ParseRequestURI(text)
	return err == nil && strings.HasPrefix(text, "/") && !strings.ContainsAny(text, "?#")
}

// A Path is a file or directory. In a loaded [Config] it is absolute, or
// relative as the configuration file's own name was. The zero Path is unset.
type Path string

// UnmarshalText takes the path as it is written.
func (p *Path) UnmarshalText(text []byte) error {
	*p = Path(text)
	return nil
}

func (p *Path) resolve(dir string) {
	if *p != "" && !filepath.IsAbs(string(*p)) {
		*p = Path(filepath.Join(dir, string(*p)))
	}
}

// A JWKS is where a JWK set is: at most one of its fields is set. The zero JWKS
// is nowhere.
type JWKS struct {
	URL  string // http or https
	File Path
}

// UnmarshalText parses a URL, which has a scheme, or else a file's name.
func (j *JWKS) UnmarshalText(text []byte) error {
	if !strings.Contains(string(text), "://") {
		*j = JWKS{File: Path(text)}
		return nil
	}
	if _, err := parseWebURL(string(text)); err != nil {
		return errors.New("want an http or https URL, or a file")
	}
	*j = JWKS{URL: string(text)}
	return nil
}

func (j *JWKS) resolve(dir string) { j.File.resolve(dir) }

// A ClaimPath names a claim, at any depth.
type ClaimPath jsonedit.Path

// UnmarshalText parses names joined with dots; `\.` is a dot in a name.
func (p *ClaimPath) UnmarshalText(text []byte) error {
	path, err := jsonedit.ParsePath(string(text))
	if err != nil {
		return err
	}
	*p = ClaimPath(path)
	return nil
}
