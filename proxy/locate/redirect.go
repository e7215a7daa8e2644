package locate

import (
	"net/http"
	"strings"
)

// redirects are the headers that redirect: the standard header, and the one that App
// Services sends to clients whose platform hides Location from them.
var redirects = []string{"Location", "X-Baas-Location"}

// eachRedirect returns what find finds in each URL that a response redirects to. Of
// packed values it returns the first.
func eachRedirect(header http.Header, loc Location, find func(url, name string) []span) []Occurrence {
	var occurrences []Occurrence
	for _, name := range redirects {
		occurrences = append(occurrences, eachLine(header, name, loc, func(url string) []span {
			return unpack(url, find(url, loc.name))
		})...)
	}
	return occurrences
}

// unpack shortens packed values to their first part, if that is a token. App Services
// packs four values into one, with the access token first:
// _baas_ua=access$refresh$user$device.
func unpack(url string, spans []span) []span {
	for i, s := range spans {
		token, _, packed := strings.Cut(s.token, "$")
		if packed && compact(token) && strings.HasPrefix(url[s.start:], token) {
			spans[i] = span{s.start, s.start + len(token), token}
		}
	}
	return spans
}

// fragmentParams returns the parameters of this name in the fragment of a URL.
func fragmentParams(url, name string) []span {
	start := strings.IndexByte(url, '#') + 1
	if start == 0 {
		return nil
	}
	// Apps with routes in the fragment have the parameters after a question mark:
	// /app#/callback?access_token=...
	return params(url, start, len(url), "&?", name)
}

// queryParams returns the parameters of this name in the query of a URL.
func queryParams(url, name string) []span {
	end := len(url)
	if i := strings.IndexByte(url, '#'); i >= 0 {
		end = i
	}
	start := strings.IndexByte(url[:end], '?') + 1
	if start == 0 {
		return nil
	}
	return params(url, start, end, "&", name)
}
