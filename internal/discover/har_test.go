package discover_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/discover"
)

func readHAR(t *testing.T, name, origin string) (discover.HAR, error) {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	return discover.ReadHAR(name, u)
}

func sitesOf(a discover.Analysis) string {
	var texts []string
	for _, site := range a.Sites {
		texts = append(texts, site.Pattern+" "+site.Location.String())
	}
	return strings.Join(texts, ", ")
}

// Browsers write bodies in base64 or not at all, cookies only in the lists of cookies, the
// headers of HTTP/2 with their pseudo headers, and entries in any order.
func TestReadHAR_ReadsWhatBrowsersWrite(t *testing.T) {
	for name, tt := range map[string]struct{ origin, sites string }{
		"chrome":  {"https://auth.example.com", "POST /login cookie:jwt, POST /login json:token, GET /sso fragment:access_token"},
		"firefox": {"http://127.0.0.1:9000", "POST /login cookie:session"},
	} {
		t.Run(name, func(t *testing.T) {
			har, err := readHAR(t, "testdata/har/"+name+".har", tt.origin)
			if err != nil {
				t.Fatal(err)
			}
			a := discover.Analyze(har.Exchanges)
			if got := sitesOf(a); got != tt.sites {
				t.Errorf("%s has tokens at %s, want %s", name, got, tt.sites)
			}
			if name == "chrome" && (a.Unread != 1 || len(a.Restores) == 0 || a.Requests != 4) {
				t.Errorf("%s has %d requests, %d answers without their body, and tokens in requests at %v; want 4, 1, and some", name, a.Requests, a.Unread, a.Restores)
			}
		})
	}
}

func TestReadHAR_SaysWhatTheRecordingLacks(t *testing.T) {
	har, err := readHAR(t, "testdata/har/firefox.har", "http://127.0.0.1:9000")
	if err != nil || len(har.Notes) != 1 || !strings.Contains(har.Notes[0], "sensitive data") {
		t.Errorf("the notes of a recording without cookies in requests are %q (%v), want one about them", har.Notes, err)
	}
	_, err = readHAR(t, "testdata/har/chrome.har", "http://10.0.0.7:9000")
	if !errors.Is(err, discover.ErrNoToken) || !strings.Contains(err.Error(), "https://auth.example.com, https://cdn.example.net") {
		t.Errorf("a recording of another origin: %v, want ErrNoToken with the origins that it has", err)
	}
}

func TestReadHAR_ErrorsSayWhereAndHaveNoValues(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"not JSON":    {"{\n \"log\": secret", "line 2, column 9"},
		"cut":         {`{"log":{"entries":[{"request":{"url":"https://secret/`, "not JSON"},
		"wrong type":  {"{\"log\":\n{\"entries\":\"secret\"}}", "line 2, column 19: this is not a HAR: log.entries has the wrong type"},
		"another":     {`{"secret": 1}`, "no log.entries"},
		"not a URL":   {`{"log":{"entries":[{"request":{"url":"secret"}}]}}`, "log.entries[0].request.url is not a URL"},
		"no entries":  {`{"log":{"entries":[]}}`, "no answers"},
		"empty":       {"", "line 1, column 1"},
		"list":        {`[]`, "this is not a HAR"},
		"wrong query": {`{"log":{"entries":[{"request":{"method":"GET","url":"https://auth.example.com/?%zz"},"response":{"status":200}}]}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "login.har")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readHAR(t, file, "https://auth.example.com")
			if tt.want == "" && err == nil {
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("ReadHAR of %s: %v, want an error with %q and without values", tt.text, err, tt.want)
			}
		})
	}
}

func FuzzReadHAR_NeverPanics(f *testing.F) {
	for _, name := range []string{"chrome", "firefox"} {
		text, err := os.ReadFile("testdata/har/" + name + ".har")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(t.TempDir(), "login.har")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if har, err := readHAR(t, file, "https://auth.example.com"); err == nil {
			written(t, reportOf(t, har.Exchanges))
		}
	})
}
