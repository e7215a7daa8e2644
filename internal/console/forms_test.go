package console_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// form makes a form of names and values.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// draft is the form of custom user data as the browser sends it, with some changes.
func draft(do string, pairs ...string) url.Values {
	v := form("do", do, "base", "3f9c1a77b0", "tab", "", "mode", "shadow", "documents.mongodb.database", "app", "documents.mongodb.collection", "users",
		"documents.user_id_claim", "sub", "documents.user_id_field", "user_account_id", "documents.user_id_type", "auto", "claim.name", "custom_data", "claim.format", "plain",
		"fields", "all", "paths", "notes", "claim.max_size", "16KiB", "claim.max_token_size", "6KiB", "claim.max_header_size", "4KiB")
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = nil
	}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func TestForms_AnswerWithWellFormedPages(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		form url.Values
		want string
	}{
		"rotate":      {"/keys", form("do", "rotate", "now", "yes"), "Makes a new ES256 key"},
		"prune":       {"/keys", form("do", "prune", "kid", "a", "kid", "b"), "What would happen"},
		"user":        {"/users", form("do", "explain", "user_id", "anna", "values", "yes"), "claim.exclude"},
		"forget":      {"/users", form("do", "forget", "user_id", "anna"), "Nothing has changed yet"},
		"token":       {"/tokens", form("token", "a.b.c", "values", "yes"), "+ added"},
		"check":       {"/data", draft("check"), "The draft changes"},
		"sample":      {"/data", draft("sample"), "looks like a credential"},
		"review":      {"/data", draft("review"), "Changes "},
		"edit":        {"/data", draft("edit", "seen", "lang"), "Look again"},
		"review file": {"/data", form("do", "review", "tab", "file", "text", "a"), "The effect on the last 50 logins"},
		"check file":  {"/data", form("do", "check", "tab", "file", "text", "a"), "The draft changes"},
		"rollback":    {"/data", form("do", "rollback", "to", "v1"), "aa01"},
	} {
		t.Run(name, func(t *testing.T) {
			w := send(newFake(time.Now()), admin, c.path, c.form)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("POST %s: got %d without %q: %s", c.path, w.Code, c.want, w.Body)
			}
			checkPage(t, w.Body.String())
		})
	}
}

func TestForms_ChangeNothingWithoutTheAdminToken(t *testing.T) {
	for _, c := range []struct {
		path string
		form url.Values
	}{
		{"/keys", form("do", "rotate", "confirm", "yes")},
		{"/keys", form("do", "prune", "confirm", "yes")},
		{"/users", form("do", "forget", "user_id", "anna", "confirm", "yes")},
		{"/data", draft("deploy", "claim.name", "x")},
		{"/data", form("do", "rollback", "to", "v1", "confirm", "yes")},
	} {
		f := newFake(time.Now())
		w := send(f, reader, c.path, c.form)
		if w.Code != http.StatusForbidden || len(f.calls) != 0 || !strings.Contains(w.Body.String(), "Nothing was changed") {
			t.Errorf("POST %s %v: got %d and the calls %v, want 403 and none", c.path, c.form, w.Code, f.calls)
		}
		checkPage(t, w.Body.String())
	}
}

func TestForms_AreDisabledWithoutTheAdminToken(t *testing.T) {
	for _, path := range []string{"/keys", "/data"} {
		d := parse(t, send(newFake(time.Now()), reader, path, nil).Body.String())
		for _, b := range d.elements("button") {
			if strings.HasSuffix(b.text(), "…") && !b.has("disabled") {
				t.Errorf("%s: the button %q is not disabled", path, b.text())
			}
		}
		if !strings.Contains(d.text(), "Sign in with the admin token") {
			t.Errorf("%s does not say how to make changes", path)
		}
	}
}

func TestForms_RedirectAfterAChange(t *testing.T) {
	for _, c := range []struct {
		path string
		form url.Values
		call any
	}{
		{"/keys", form("do", "rotate", "confirm", "yes", "now", "yes"), adminapi.KeyChange{Now: true}},
		{"/keys", form("do", "prune", "confirm", "yes", "kid", "a"), adminapi.KeyChange{IDs: []string{"a"}}},
		{"/users", form("do", "forget", "user_id", "anna", "issuer", "i", "confirm", "yes"), adminapi.UserQuery{UserID: "anna", Issuer: "i"}},
		{"/data", draft("deploy", "claim.name", "x"), adminapi.Draft{Base: "3f9c1a77b0", Set: []adminapi.Setting{{Path: "claim.name", Value: "x"}}}},
		{"/data", form("do", "rollback", "to", "v1", "confirm", "yes"), adminapi.Rollback{To: "v1"}},
	} {
		f := newFake(time.Now())
		handler := handlerOf(f, true)
		w := sendTo(handler, admin, c.path, c.form)
		to := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix("/"+to, c.path+"?done=") {
			t.Errorf("POST %s: got %d to %q, want 303 to the page", c.path, w.Code, to)
		}
		if len(f.calls) != 1 || !reflect.DeepEqual(f.calls[0], c.call) {
			t.Errorf("POST %s: got the calls %+v, want %+v", c.path, f.calls, c.call)
		}
		if page := sendTo(handler, admin, "/"+to, nil).Body.String(); !strings.Contains(page, "notice good") {
			t.Errorf("%s does not show what was done", to)
		}
		if page := sendTo(handler, admin, "/"+to, nil).Body.String(); strings.Contains(page, "notice good") {
			t.Errorf("%s shows what was done twice", to)
		}
	}
}

func TestDraft_HasOnlyWhatChanged(t *testing.T) {
	set := func(path string, value any) []adminapi.Setting {
		return []adminapi.Setting{{Path: path, Value: value}}
	}
	for name, c := range map[string]struct {
		form url.Values
		want []adminapi.Setting
	}{
		"nothing":       {draft("check"), nil},
		"text":          {draft("check", "documents.mongodb.database", " other "), set("documents.mongodb.database", "other")},
		"a default":     {draft("check", "claim.name", ""), set("claim.name", nil)},
		"a size":        {draft("check", "claim.max_size", "8KiB"), set("claim.max_size", "8KiB")},
		"off":           {draft("check", "mode", "off"), []adminapi.Setting{{Path: "claim.enabled", Value: false}, {Path: "shadow"}}},
		"live":          {draft("check", "mode", "live"), set("shadow", nil)},
		"leave out":     {draft("check", "paths", "notes\r\n a.b ,notes"), set("claim.exclude", []string{"notes", "a.b"})},
		"only":          {draft("check", "fields", "only", "paths", "lang"), []adminapi.Setting{{Path: "claim.include", Value: []string{"lang"}}, {Path: "claim.exclude"}}},
		"one more path": {draft("check", "paths", "b,notes", "seen", "notes", "listed", "notes", "listed_as", "all"), set("claim.exclude", []string{"b", "notes"})},
		"a box is not ticked any more": {draft("check", "paths", "", "seen", "lang", "seen", "notes", "was", "lang", "listed", "notes", "listed_as", "all"),
			set("claim.exclude", []string{"lang", "notes"})},
		"a box is ticked":       {draft("check", "paths", "", "seen", "notes", "listed", "notes", "listed_as", "all", "embed", "notes"), set("claim.exclude", nil)},
		"boxes are not touched": {draft("check", "paths", "", "seen", "passwordHash", "seen", "lang", "seen", "notes", "was", "lang", "embed", "lang", "listed", "notes", "listed_as", "all"), nil},
		"the other choice": {draft("check", "fields", "only", "paths", "", "seen", "lang", "seen", "notes", "was", "lang", "embed", "lang", "listed", "notes", "listed_as", "all"),
			[]adminapi.Setting{{Path: "claim.include", Value: []string{"lang"}}, {Path: "claim.exclude"}}},
	} {
		f := newFake(time.Now())
		send(f, reader, "/data", c.form)
		if got := f.calls[0].(adminapi.Draft).Set; len(got)+len(c.want) > 0 && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, f.calls, c.want)
		}
	}
}

func TestDraft_OfTheFileHasTheEndsOfItsLines(t *testing.T) {
	f := newFake(time.Now())
	send(f, admin, "/data", form("do", "review", "tab", "file", "base", "b", "text", "a: 1\r\nb: 2\r\n"))
	if got := f.calls[0].(adminapi.Draft); got.Text == nil || *got.Text != "a: 1\nb: 2\n" || got.Base != "b" {
		t.Errorf("got the draft %+v, want its lines to end with LF", got)
	}
}

func TestDeploy_KeepsTheDraftWhenItIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		problem adminapi.Problem
		want    []string
	}{
		"conflict":  {adminapi.Problem{Type: adminapi.ConflictType, Title: "The file has changed", Detail: "someone saved it"}, []string{"someone saved it", "Review again", `value="x"`}},
		"read-only": {adminapi.Problem{Type: adminapi.ReadOnlyType, Title: "The file is read-only", Diff: "+claim: x\n"}, []string{"<ins>+claim: x", "Copy the diff", `value="x"`}},
		"faults":    {adminapi.Problem{Type: adminapi.FaultsType, Title: "It has faults", Faults: []adminapi.Finding{{Message: "is not a name", Line: 3}}}, []string{"is not a name", "Line 3", "Edit the draft"}},
	} {
		f := newFake(time.Now())
		f.err = &c.problem
		w := send(f, admin, "/data", draft("deploy", "claim.name", "x"))
		for _, want := range c.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: the page does not contain %q", name, want)
			}
		}
		checkPage(t, w.Body.String())
	}
}

func TestTokens_AreNotInTheAnswer(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"
	w := send(newFake(time.Now()), admin, "/tokens", form("token", token))
	if strings.Contains(w.Body.String(), token[:12]) {
		t.Error("the answer has the token, want it without")
	}
}

func TestValues_NeedTheAdminToken(t *testing.T) {
	f := newFake(time.Now())
	send(f, reader, "/users", form("user_id", "anna", "values", "yes"))
	send(f, reader, "/tokens", form("token", "a.b.c", "values", "yes"))
	want := []any{adminapi.UserQuery{UserID: "anna"}, adminapi.InspectRequest{Token: "a.b.c"}}
	if !reflect.DeepEqual(f.calls, want) {
		t.Errorf("got the calls %+v, want %+v", f.calls, want)
	}
}

func TestUsers_AreNotInAddresses(t *testing.T) {
	f := newFake(time.Now())
	if w := send(f, admin, "/users?user_id=anna&do=forget&confirm=yes", nil); strings.Contains(w.Body.String(), "anna") || len(f.calls) != 0 {
		t.Errorf("an id in the address: got the calls %v, want none", f.calls)
	}
	if w := send(f, admin, "/users?user_id=anna", form("do", "explain")); strings.Contains(w.Body.String(), "anna") {
		t.Error("an id in the address of a POST is shown, want it ignored")
	}
}

func TestDraft_TurnsOnWhatWasOff(t *testing.T) {
	for want, set := range map[string][]adminapi.Setting{
		"live":   {{Path: "claim.enabled"}, {Path: "shadow"}},
		"shadow": {{Path: "claim.enabled"}, {Path: "shadow", Value: true}},
		"off":    nil,
	} {
		f := newFake(time.Now())
		f.config.Settings.Mode = "off"
		send(f, reader, "/data", draft("check", "mode", want))
		if got := f.calls[0].(adminapi.Draft).Set; len(got)+len(set) > 0 && !reflect.DeepEqual(got, set) {
			t.Errorf("from off to %s: got %+v, want %+v", want, got, set)
		}
	}
}
