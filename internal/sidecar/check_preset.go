package sidecar

import (
	"context"
	"fmt"
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
	p := newProber(k)
	of := map[verdict][]string{}
	for _, path := range paths {
		v := p.verdict(ctx, path)
		of[v] = append(of[v], path.text)
	}
	if !p.answered() {
		return // reported as a fault of the backend
	}
	switch known, unknown := of[pathKnown], of[pathUnknown]; {
	case len(unknown) == len(paths):
		k.warn("preset", "the backend answers 404 to %s, as to any path that it does not have; tokens from other paths pass without the claim; %s", all(paths), prefixHint(prefix))
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
