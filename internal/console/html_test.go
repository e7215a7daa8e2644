package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/console"
)

var (
	admin  = adminapi.Peer{Address: "127.0.0.1:1", Reads: true, Writes: true}
	reader = adminapi.Peer{Address: "127.0.0.1:1", Reads: true}
)

func handlerOf(f *fake, hasToken bool) http.Handler {
	return console.New(console.Options{Monitor: f, Keys: f, Users: f, Configuration: f, HasToken: func() bool { return hasToken }})
}

// send sends a request to a new console as a peer. With a form it is a POST.
func send(f *fake, peer adminapi.Peer, path string, form url.Values) *httptest.ResponseRecorder {
	return sendTo(handlerOf(f, true), peer, path, form)
}

func sendTo(handler http.Handler, peer adminapi.Peer, path string, form url.Values) *httptest.ResponseRecorder {
	method, body := "GET", ""
	if form != nil {
		method, body = "POST", form.Encode()
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(adminapi.WithPeer(r.Context(), peer)))
	return w
}

// A dom is a parsed page.
type dom struct{ *html.Node }

func parse(t *testing.T, page string) dom {
	t.Helper()
	node, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return dom{node}
}

// elements returns all elements with one of the names, or all elements without names.
func (d dom) elements(names ...string) (found []dom) {
	for n := range d.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			found = append(found, dom{n})
		}
	}
	return found
}

func (d dom) attribute(name string) string {
	for _, a := range d.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (d dom) has(name string) bool {
	return slices.ContainsFunc(d.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func (d dom) text() string {
	var text strings.Builder
	for n := range d.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return text.String()
}

// checkPage checks what must hold for every page.
func checkPage(t *testing.T, page string) {
	t.Helper()
	d := parse(t, page)
	d.checkHeadings(t)
	d.checkIDs(t)
	d.checkNames(t)
	for _, e := range d.elements() {
		for _, a := range e.Attr {
			isLink := a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction"
			switch {
			case isLink && (strings.HasPrefix(a.Val, "/") || strings.Contains(a.Val, "//") || strings.Contains(a.Val, ":")):
				t.Errorf("<%s %s=%q>: want a relative link", e.Data, a.Key, a.Val)
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s> has the attribute %s, which the policy forbids", e.Data, a.Key)
			}
		}
		if e.Data == "style" || e.Data == "script" && (e.FirstChild != nil || e.attribute("src") == "") {
			t.Errorf("a <%s> is inline, which the policy forbids", e.Data)
		}
	}
	for _, landmark := range []string{"header", "main", "title"} {
		if n := len(d.elements(landmark)); landmark != "header" && n != 1 || n == 0 {
			t.Errorf("got %d <%s>, want one", n, landmark)
		}
	}
}

// checkHeadings checks that there is one h1, and that no level is left out below it.
func (d dom) checkHeadings(t *testing.T) {
	t.Helper()
	level, first := 0, 0
	for _, e := range d.elements("h1", "h2", "h3", "h4") {
		now := int(e.Data[1] - '0')
		if now > level+1 {
			t.Errorf("<%s>%s</%s> follows a heading of level %d", e.Data, e.text(), e.Data, level)
		}
		if level = now; now == 1 {
			first++
		}
	}
	if first != 1 {
		t.Errorf("got %d <h1>, want one", first)
	}
}

// checkIDs checks that ids are unique, and that references lead to one.
func (d dom) checkIDs(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range d.elements() {
		if id := e.attribute("id"); id != "" && seen[id] {
			t.Errorf("the id %q is used twice", id)
		} else {
			seen[id] = true
		}
		if e.has("data-live") && e.attribute("id") == "" {
			t.Errorf("<%s data-live> has no id, so the script cannot replace it", e.Data)
		}
		if e.Data == "details" && e.attribute("id") == "" {
			t.Error("<details> has no id, so it closes when the page refreshes")
		}
	}
	for _, e := range d.elements() {
		for _, reference := range []string{"aria-labelledby", "aria-describedby", "for"} {
			for id := range strings.FieldsSeq(e.attribute(reference)) {
				if !seen[id] {
					t.Errorf("<%s %s=%q>: there is no such id", e.Data, reference, id)
				}
			}
		}
	}
}

// checkNames checks that controls and pictures have a name, and that tables have headings.
func (d dom) checkNames(t *testing.T) {
	t.Helper()
	labelled := map[string]bool{}
	for _, label := range d.elements("label") {
		labelled[label.attribute("for")] = true
		for _, e := range label.elements("input") {
			labelled[e.attribute("id")] = true
		}
	}
	for _, e := range d.elements("input", "select", "textarea") {
		if e.attribute("type") != "hidden" && !labelled[e.attribute("id")] && e.attribute("aria-label") == "" {
			t.Errorf("<%s name=%q> has no label", e.Data, e.attribute("name"))
		}
	}
	for _, e := range d.elements("button", "a", "summary", "h1", "h2", "h3", "th") {
		if strings.TrimSpace(e.text()) == "" {
			t.Errorf("<%s> has no text", e.Data)
		}
	}
	for _, e := range d.elements("svg") {
		if e.attribute("aria-hidden") != "true" && (e.attribute("role") != "img" || e.attribute("aria-label") == "") {
			t.Error("<svg> has neither a text nor aria-hidden")
		}
	}
	for _, e := range d.elements("table") {
		if len(e.elements("th")) == 0 || len(e.elements("caption")) == 0 {
			t.Errorf("<table>%.60s…: want headings and a caption", e.text())
		}
	}
}
