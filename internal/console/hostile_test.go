package console_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// hostile is a text that does something wherever it is not escaped.
const hostile = `"'><script src="//evil/x.js">alert(1)</script><img src=x onerror=alert(2)> --> ]]> &lt;`

// poison replaces all texts below a value.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() && v.Kind() == reflect.Pointer {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := v.MapIndex(key)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(hostile+key.String()), value)
		}
	case reflect.String:
		v.SetString(hostile)
	}
}

func poisoned() *fake {
	f := newFake(time.Now())
	source := f.config.Settings.Source
	for _, part := range []any{&f.overview, &f.rules, &f.freshness, &f.keys, &f.changed, &f.user, &f.inspected, &f.config, &f.checked, &f.review, &f.sample, &f.deployed} {
		poison(reflect.ValueOf(part).Elem())
	}
	f.config.Settings.Source = source
	for _, all := range [][]adminapi.Series{f.overview.Series, f.freshness.Series} {
		for i := range all {
			all[i].Name += strings.Repeat("x", i) // names are unique
		}
	}
	f.inspected.Claims[0].Value = []byte(hostile)
	f.config.Fault, f.config.ReadOnly = hostile, hostile
	return f
}

func TestPages_EscapeEveryText(t *testing.T) {
	requests := map[string]url.Values{}
	for _, path := range pages {
		requests[path] = nil
	}
	requests["/keys?1"] = form("do", "rotate", "kid", hostile)
	requests["/keys?2"] = form("do", "prune", "kid", hostile)
	requests["/users?1"] = form("do", "explain", "user_id", hostile, "issuer", hostile, "values", "yes")
	requests["/users?2"] = form("do", "forget", "user_id", hostile, "issuer", hostile)
	requests["/tokens?1"] = form("token", hostile, "values", "yes")
	for _, do := range []string{"check", "sample", "review", "edit", "rollback"} {
		requests["/data?"+do] = draft(do, "claim.name", hostile, "paths", hostile, "mode", hostile, "seen", hostile, "embed", hostile, "to", hostile, "base", hostile)
		requests["/data?file&"+do] = form("do", do, "tab", "file", "text", "</textarea>"+hostile, "to", hostile)
	}
	requests["/sign-in?to="+url.QueryEscape(hostile)] = nil
	for path, values := range requests {
		t.Run(path, func(t *testing.T) {
			checkHarmless(t, send(poisoned(), admin, path, values).Body.String())
		})
	}
}

func TestProblems_AreEscaped(t *testing.T) {
	for _, kind := range []string{adminapi.ConflictType, adminapi.ReadOnlyType, adminapi.FaultsType} {
		f := poisoned()
		f.err = &adminapi.Problem{Type: kind, Title: hostile, Detail: hostile, Diff: "+" + hostile, Faults: []adminapi.Finding{{Message: hostile, Hint: hostile, Path: hostile}}}
		f.config.ReadOnly = ""
		checkHarmless(t, send(f, admin, "/data", draft("deploy", "claim.name", hostile)).Body.String())
		checkHarmless(t, send(f, admin, "/users", form("user_id", hostile)).Body.String())
		checkHarmless(t, send(f, admin, "/keys", nil).Body.String())
	}
}

// checkHarmless checks that a page has only its own script and no picture, and is well
// formed.
func checkHarmless(t *testing.T, page string) {
	t.Helper()
	checkPage(t, page)
	d := parse(t, page)
	if n := len(d.elements("script")); n != 1 {
		t.Errorf("got %d scripts, want one", n)
	}
	if n := len(d.elements("img", "iframe", "object", "base")); n != 0 {
		t.Errorf("got %d elements that load something, want none", n)
	}
	if !strings.Contains(d.text(), "<script src=") && !strings.Contains(page, "Sign in ·") {
		t.Error("the page does not show the text at all")
	}
}
