package discover_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/discover"
)

// An object in memory is much larger than its two bytes in the file.
func TestReadHAR_RefusesMoreObjectsThanALoginHas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bomb.har")
	for _, tt := range []struct{ text, want string }{
		{`{"log":{"entries":[` + strings.Repeat("{},", 1<<20) + "{}]}}", "more than 1048576 objects"},
		{`{"log":{"entries":[],"comment":"\"` + strings.Repeat("{},", 1<<20) + `"}}`, "no answers"},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readHAR(t, file, "http://127.0.0.1:9000"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ReadHAR of %.40q: error %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestAnalyze_LooksAtNoMorePlacesThanABackendHas(t *testing.T) {
	token := enrichtest.NewIssuer(t, "HS256").Token(`{"sub":"u1"}`)
	var exchanges []discover.Exchange
	for i := range 300 {
		exchanges = append(exchanges, discover.Exchange{
			Method: "POST", Path: fmt.Sprintf("/login%dx", i), Status: 200,
			RequestHeader: http.Header{"X-Token": {token}}, Header: http.Header{}, Body: fmt.Appendf(nil, `{"a":%q,"b":%q}`, token[:len(token)-4]+"AAAA", token[:len(token)-4]+"BBBB"),
		})
	}
	a := discover.Analyze(exchanges)
	if n := len(a.Sites) + len(a.Excluded); n != 200 || len(a.Restores) > 200 || !strings.Contains(strings.Join(a.Unreadable, ""), "More than 200 places") {
		t.Errorf("Analyze of 600 places found %d, and says %q; want 200, and that there are more", n, a.Unreadable)
	}
}
