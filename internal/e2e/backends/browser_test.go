package backends_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A browser keeps cookies, follows redirects and sends the forms of form_post pages.
type browser struct {
	client http.Client
}

// newBrowser returns a browser that has a cookie of a line of [glewlwydLogin].
func newBrowser(t *testing.T, at e2e.Address, cookie string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	home, err := url.Parse(at.URL("/"))
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(strings.TrimPrefix(cookie, "Cookie: "), "=")
	jar.SetCookies(home, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
	b := &browser{http.Client{Jar: jar}}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// get fetches a page, without following redirects.
func (b *browser) get(t *testing.T, address string) e2e.Reply {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html") // mod_auth_openidc sends only browsers to a login
	response, err := b.client.Do(request)
	return read(t, response, err)
}

func read(t *testing.T, response *http.Response, err error) e2e.Reply {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return e2e.Reply{Status: response.StatusCode, Header: response.Header, Body: string(body)}
}

// open follows redirects and forms to a page. Glewlwyd's login page comes back with
// g_continue, when the user has logged in there.
func (b *browser) open(t *testing.T, address string) e2e.Reply {
	t.Helper()
	for range 10 {
		if strings.Contains(address, "/auth?") {
			address += "&g_continue"
		}
		got := b.get(t, address)
		if action, fields := formOf(t, got.Body); action != "" {
			response, err := b.client.PostForm(action, fields)
			got = read(t, response, err)
		}
		if got.Status != http.StatusFound && got.Status != http.StatusSeeOther {
			return got
		}
		base, _ := url.Parse(address)
		next, err := base.Parse(got.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		address = next.String()
	}
	t.Fatal("the browser was redirected ten times")
	return e2e.Reply{}
}

// formOf returns the form of a page whose fields are all hidden.
func formOf(t *testing.T, page string) (action string, fields url.Values) {
	t.Helper()
	if !strings.Contains(page, "document.forms[0].submit()") {
		return "", nil
	}
	fields = url.Values{}
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range document.Descendants() {
		switch node.Data {
		case "form":
			action = attribute(node, "action")
		case "input":
			fields.Add(attribute(node, "name"), attribute(node, "value"))
		}
	}
	return action, fields
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
