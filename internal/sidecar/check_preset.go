package sidecar

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// presetTimeout bounds all requests for the paths of a preset together.
const presetTimeout = 5 * time.Second

// preset asks the backend whether it has the paths of the preset. It sends no request
// that could have a side effect, so some backends leave it without an answer.
func (k *checker) preset(ctx context.Context) {
	patterns, prefix := k.cfg.PresetPatterns()
	paths := probedPaths(patterns)
	if len(paths) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, presetTimeout)
	defer cancel()
	p := prober{k: k, client: k.ownClient(), nowhere: "tokengraft-" + strings.ToLower(rand.Text()), answers: map[string]int{}}
	of := map[verdict][]string{}
	for _, path := range paths {
		v := p.verdict(ctx, path)
		of[v] = append(of[v], path.text)
	}
	switch known, unknown := of[pathKnown], of[pathUnknown]; {
	case len(unknown) == len(paths):
		k.warn("preset", "the backend answers 404 to %s, as to any path that it does not have, so the tokens would pass without the claim; %s", all(paths), prefixHint(prefix))
		return
	case len(known) > 0:
		k.ok("the backend has paths of the preset: %s", strings.Join(known, ", "))
	}
	if open := slices.Concat(of[pathUnknown], of[pathUnclear]); len(open) > 0 {
		k.note("Not verified, because the backend answers them like a path that it does not have: %s. It may not have them, or not show it without credentials.", strings.Join(open, ", "))
	}
}

func all(paths []probedPath) string {
	if len(paths) == 1 {
		return paths[0].text
	}
	return fmt.Sprintf("all %d paths of the preset, such as %s", len(paths), paths[0].text)
}

func prefixHint(prefix string) string {
	if prefix == "" {
		return "if its paths start with something, set preset.prefix to that"
	}
	return fmt.Sprintf("if its paths do not start with %s, set preset.prefix to what they start with, or to \"\" behind a gateway that strips it", prefix)
}

// A probedPath is a path of a preset.
type probedPath struct {
	text    string // as in the pattern
	getSafe bool   // no rule of the preset is for GET, which could use up a link
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// probedPaths returns the paths of patterns. It leaves out patterns of all paths below
// another.
func probedPaths(patterns []string) (paths []probedPath) {
	for _, pattern := range patterns {
		method, path, _ := strings.Cut(pattern, "/")
		path = "/" + path
		if strings.HasSuffix(path, "/") {
			continue
		}
		i := slices.IndexFunc(paths, func(p probedPath) bool { return p.text == path })
		if i < 0 {
			i, paths = len(paths), append(paths, probedPath{path, true})
		}
		if method = strings.TrimSpace(method); method == "" || method == http.MethodGet {
			paths[i].getSafe = false
		}
	}
	return paths
}

// url returns the path with texts for its wildcards.
func (p probedPath) url() string {
	return wildcard.ReplaceAllString(strings.TrimSuffix(p.text, "{$}"), "tokengraft")
}

// neighbour returns a path of the same shape that no backend has: its last fixed segment
// is another.
func (p probedPath) neighbour(segment string) string {
	segments := strings.Split(strings.TrimSuffix(p.text, "{$}"), "/")
	for i := len(segments) - 1; i > 0; i-- {
		if segments[i] != "" && !wildcard.MatchString(segments[i]) {
			segments[i] = segment
			break
		}
	}
	return wildcard.ReplaceAllString(strings.Join(segments, "/"), "tokengraft")
}

// A verdict is what the backend's answers say of a path.
type verdict int

const (
	pathUnclear verdict = iota // they do not show it
	pathKnown                  // they differ from those for a path that it does not have
	pathUnknown                // they are 404, as for a path that it does not have
)

// A prober asks the backend for paths.
type prober struct {
	k       *checker
	client  *http.Client
	nowhere string         // a segment that no path of the backend has
	answers map[string]int // the status by method and path; 0 means no answer
}

// verdict asks for a path with OPTIONS. If that does not show whether the backend has it,
// and GET has no side effect there, it asks with GET.
func (p prober) verdict(ctx context.Context, path probedPath) (v verdict) {
	methods := []string{http.MethodOptions}
	if path.getSafe {
		methods = append(methods, http.MethodGet)
	}
	for _, method := range methods {
		got, neighbour := p.status(ctx, method, path.url()), p.status(ctx, method, path.neighbour(p.nowhere))
		if v = compare(got, neighbour); v == pathKnown {
			return v
		}
	}
	return v
}

// compare compares the status for a path with that for a path that nobody has.
func compare(got, neighbour int) verdict {
	switch {
	case got == 0 || neighbour == 0 || got >= http.StatusInternalServerError:
		return pathUnclear
	case got == http.StatusNotFound && neighbour == http.StatusNotFound:
		return pathUnknown
	case got == neighbour || got == http.StatusNotFound:
		return pathUnclear
	}
	return pathKnown
}

// status returns the status of the answer to a request without a body and without
// credentials.
func (p prober) status(ctx context.Context, method, path string) int {
	key := method + " " + path
	if status, ok := p.answers[key]; ok {
		return status
	}
	status := 0
	if request, err := http.NewRequestWithContext(ctx, method, p.k.cfg.Backend.String()+path, nil); err == nil {
		request.Host = p.k.cfg.PublicURL.Host
		if response, err := p.client.Do(request); err == nil {
			response.Body.Close()
			status = response.StatusCode
		}
	}
	p.answers[key] = status
	return status
}
