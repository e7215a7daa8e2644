package hooks_test

import (
	"strings"
	"testing"

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
			t.Errorf("New without %s: error %v, want one that names it", want, err)
		}
	}
	if _, err := hooks.New(hooks.Options{Documents: documents, Invalidator: invalidator}); err != nil {
		t.Errorf("New with documents and an invalidator alone: %v, want no error", err)
	}
}

func ExampleParseTemplate() {
	// In the configuration file this is user_creation.document.
	_, err := hooks.ParseTemplate([]byte(`{"email": "%%user.data.email", "since": "%%now", "plan": "free"}`))
	if err != nil {
		panic(err)
	}
}
