package locate

import (
	"net/http"
	"strings"
	"testing"
)

// Law B4: a client cannot make a named place of a request cost much memory.
func TestRestore_FloodOfTextsLikeTokensAtALocationIsBounded(t *testing.T) {
	flood := strings.Repeat("a.b.c ", 1<<20/6)
	many := strings.Repeat(`"x `+strings.Repeat("a.b.c ", 100)+`",`, 1<<20/600)
	for name, body := range map[string]string{"one value": `{"t":["` + flood + `"]}`, "many values": `{"t":[` + many + `""]}`} {
		asked := 0
		r := Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
		r.Restore([]Location{{inJSON, "t.*"}}, func(string) (string, bool) { asked++; return "", false })
		if asked > maxValues {
			t.Errorf("%s: %d texts were tried in a body of %d bytes, want at most %d", name, asked, len(body), maxValues)
		}
	}
}
