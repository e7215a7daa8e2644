package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

var restoreFlood = kind{"restore flood", "B4"}

// A restoreFloodRow is a request without credentials that is full of tokens to restore.
type restoreFloodRow struct {
	sends  string
	cookie string // the Cookie line
	form   string // the body
	want   string // the body at the backend
}

func restoreFloodRows(enriched, original string) []restoreFloodRow {
	header, claims := decode(strings.Split(enriched, ".")[0]), decode(strings.Split(enriched, ".")[1])
	signature := enriched[strings.LastIndex(enriched, ".")+1:]
	forged := func(i int) string {
		return enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(fmt.Sprintf(`{"n":%d,"tgr":"Ag%040d"}`, i, i)) + "." + signature
	}
	format1 := enrichtest.EncodeSegment(strings.TrimSuffix(header, "}") + `,"tgr":"AQ` + strings.Repeat("A", 80) + `"}`)
	rest, _ := enrichtest.CutRecord(claims)
	var cookies, format1Cookies strings.Builder
	for i := range 100 {
		fmt.Fprintf(&cookies, "c%d=%s; ", i, forged(i))
		fmt.Fprintf(&format1Cookies, "c%d=%s.%s.%s; ", i, format1, enrichtest.EncodeSegment(fmt.Sprintf(`{"n":%d}`, i)), signature)
	}
	const limit = 1 << 20 // of a body
	var forms strings.Builder
	for i := 0; forms.Len() < limit-1000; i++ {
		fmt.Fprintf(&forms, "token=%s&", forged(i))
	}
	stripped := "token=" + enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(rest) + "." + signature + "&"
	genuine := "token=" + enriched + "&"
	times := limit / len(genuine)
	return []restoreFloodRow{
		{"100 forged tokens in a cookie line", cookies.String(), "", ""},
		{"100 forged tokens of format 1 in a cookie line", format1Cookies.String(), "", ""},
		{fmt.Sprintf("a form of %d forged tokens", strings.Count(forms.String(), "&")), "", forms.String(), forms.String()},
		{fmt.Sprintf("a form with one token without its record, %d times", limit/len(stripped)), "", strings.Repeat(stripped, limit/len(stripped)), strings.Repeat(stripped, limit/len(stripped))},
		{fmt.Sprintf("a form with one genuine token, %d times", times), "", strings.Repeat(genuine, times), strings.Repeat("token="+original+"&", times)},
	}
}

// mostCPU is what such a request may cost, including the test and the backend, under load
// of other tests. Before format 2, 100 forged ES512 tokens cost 300 ms, and one genuine
// token in a form 2 s.
const mostCPU = 100 * time.Millisecond

// attackWithRestoreFloods measures the CPU of requests with many tokens. ES512 has the
// most expensive signatures.
func (s *suite) attackWithRestoreFloods(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES512")
	backend := startBackend(t, issuer)
	tg := s.start(t, strings.Replace(usual(backend.URL), "algorithm: ES256", "algorithm: ES512", 1), "["+annas+"]")
	original := issuer.Token(claimsOf(quoted(anna), ""))
	for _, row := range restoreFloodRows(tg.issue(t, original), original) {
		s.run(t, restoreFlood, row.sends, func(t *testing.T) (happens string) { return tg.floodRestore(t, row) })
	}
}

// floodRestore sends the request again and again. The backend answers with its body, and
// with its header at /wire.
func (tg *target) floodRestore(t *testing.T, row restoreFloodRow) (happens string) {
	const requests = 10
	before, changed := cpu(), 0
	for range requests {
		if row.form != "" {
			if tg.ask(t, http.MethodPost, "/revoke", row.form, "Content-Type: application/x-www-form-urlencoded").Body != row.want {
				changed++
			}
		} else if !strings.Contains(tg.ask(t, http.MethodGet, "/wire", "", "Cookie: "+row.cookie).Body, strings.TrimSpace(row.cookie)) {
			changed++
		}
	}
	each, most := (cpu()-before)/requests, mostCPU
	if e2e.RaceDetector {
		most *= 5 // it multiplies the work
	}
	if changed > 0 || each > most {
		t.Errorf("%s: %d of %d requests are changed in a wrong way, each took %v of CPU; want 0, at most %v", row.sends, changed, requests, each, most)
	}
	what := happensTo(changed == 0)
	if row.want != row.form {
		what = either(changed == 0, "each is restored", "NOT EACH IS RESTORED")
	}
	return fmt.Sprintf("%s; %.1f ms of CPU", what, float64(each)/float64(time.Millisecond))
}
