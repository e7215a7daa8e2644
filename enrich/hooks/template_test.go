package hooks_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

func TestTemplate_FillsInTheUser(t *testing.T) {
	w := newWorld(t)
	h := w.hooks(t, hooks.Options{Creation: hooks.Creation{Template: template(t, `{
		"email":"%%user.data.email","first":"%%user.data.first_name","none":"%%user.data.picture","odd":"%%user.data.name",
		"id":"%%user.id","kind":"%%user.type","since":"%%now","plain":"100%%","n":{"$numberLong":"7"},"big":9007199254740993,"list":["%%user.id"]}`)}})
	if err := h.Create(t.Context(), signIn("anna")); err != nil {
		t.Fatal(err)
	}
	got := w.document(t, "anna")
	for _, want := range []string{
		`"email":"anna@example.com"`, `"first":"A"`, `"id":"anna"`, `"kind":"normal"`, `"since":"2023-11-14T22:13:20.000Z"`,
		`"plain":"100%%"`, `"n":7`, `"big":"9007199254740993"`, `"list":["anna"]`, `"user_account_id":"anna"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the document is %s, want it to contain %s", got, want)
		}
	}
	// A claim that the user controls does not become an operator, and an unknown
	// value does not become null.
	for _, unwanted := range []string{"none", "odd", "$gt"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the document is %s, want it without %s", got, unwanted)
		}
	}
}

func TestTemplate_RefusesUnknownPlaceholders(t *testing.T) {
	for _, text := range []string{`[]`, `null`, `{} {}`, `{"a":"%%user.password"}`, `{"a":[{"b":"%%user.data.admin"}]}`, `{"a":"%%values.x"}`, `{`} {
		if _, err := hooks.ParseTemplate([]byte(text)); err == nil {
			t.Errorf("ParseTemplate(%s): no error, want one", text)
		}
	}
}
