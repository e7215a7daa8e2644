package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// provider returns the value of {provider} in the path of a request that the rule
// matches, and "" if the pattern does not have it. Like the mux that found the rule, it
// matches the escaped path: an encoded slash starts no segment. The value is spelled as a
// lenient backend reads it, in lower case and without parameters, so that no spelling
// evades a trigger of one provider.
func (rule *Rule) provider(r *http.Request) string {
	if rule == nil || rule.providers == nil {
		return ""
	}
	var found wildcard
	rule.providers.ServeHTTP(&found, lookup(http.MethodGet, r.Host, cleanEscaped(r.URL.EscapedPath())))
	if segments := segmentsOf(found.value, true); len(segments) == 1 {
		return segments[0]
	}
	return found.value
}

// newProviders returns a mux with the pattern for every method, and nil if the pattern
// does not have {provider}.
func newProviders(pattern string) *http.ServeMux {
	if !strings.Contains(pattern, "/{provider}") {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc(withoutMethod(pattern), func(w http.ResponseWriter, r *http.Request) {
		w.(*wildcard).value = r.PathValue("provider")
	})
	return mux
}

// withoutMethod returns a pattern for the requests with every method.
func withoutMethod(pattern string) string {
	if i := strings.IndexAny(pattern, " \t"); i >= 0 {
		return strings.TrimLeft(pattern[i:], " \t")
	}
	return pattern
}

// lookup returns a request that a mux can look up. It has no more than that.
func lookup(method, host, escaped string) *http.Request {
	unescaped, _ := url.PathUnescape(escaped)
	return &http.Request{Method: method, Host: host, URL: &url.URL{Path: unescaped, RawPath: escaped}}
}

// cleanEscaped returns an escaped path as [http.ServeMux] looks it up. With any other, the
// mux would answer with a redirect.
func cleanEscaped(escaped string) string {
	clean := cleanPath(escaped)
	if strings.HasSuffix(escaped, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// wildcard gets the value of a wildcard from a handler. It is the response writer of
// a lookup, so the redirect of a mux changes nothing.
type wildcard struct{ value string }

// Header implements [http.ResponseWriter].
func (*wildcard) Header() http.Header { return http.Header{} }

// Write implements [http.ResponseWriter].
func (*wildcard) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader implements [http.ResponseWriter].
func (*wildcard) WriteHeader(int) {}
