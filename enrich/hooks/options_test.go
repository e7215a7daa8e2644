package hooks_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestNew_NamesTheMissingOption(t *testing.T) {
	documents, invalidator := &mongodoc.Source{}, &changes{}
	for want, o := range map[string]hooks.Options{
		"Documents":   {Invalidator: invalidator},
		"Invalidator": {Documents: documents},
		"Functions":   {Documents: documents, Invalidator: invalidator, Triggers: []hooks.Trigger{{Function: "f"}}},
	} {
		if _, err := hooks.New(o); err == nil || !strings.Contains(err.Error(), "Options."+want+" is missing") {
			t.Errorf("New without %s: error %v, want one that names the option", want, err)
		}
	}
	if _, err := hooks.New(hooks.Options{Documents: documents, Invalidator: invalidator}); err != nil {
		t.Errorf("New with documents and an invalidator alone: %v, want no error", err)
	}
}

// created are documents of which every user has one.
type created struct{ hooks.Documents }

func (created) Has(context.Context, enrich.User) (bool, error) { return true, nil }

func TestOptions_ZeroTimeoutsMeanTheDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := map[string]time.Duration{}
		record := func(name string) func(context.Context, json.RawMessage, []json.RawMessage) error {
			return func(ctx context.Context, _ json.RawMessage, _ []json.RawMessage) error {
				deadline, _ := ctx.Deadline()
				left[name] = time.Until(deadline)
				return nil
			}
		}
		h, err := hooks.New(hooks.Options{
			Creation:    hooks.Creation{Function: "creation"},
			Triggers:    []hooks.Trigger{{Operation: hooks.Login, Function: "trigger", Wait: true}},
			Functions:   functions{"creation": record("creation"), "trigger": record("trigger")},
			Documents:   created{},
			Invalidator: &changes{},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Create(t.Context(), signIn("anna")); err != nil {
			t.Errorf("Create with a zero Timeout: %v, want no error", err)
		}
		h.SigningIn(t.Context(), signIn("anna"))
		for name, want := range map[string]time.Duration{"creation": 5 * time.Second, "trigger": 2 * time.Second} {
			if left[name] != want {
				t.Errorf("a %s with a zero Timeout may take %s, want %s", name, left[name], want)
			}
		}
	})
}
