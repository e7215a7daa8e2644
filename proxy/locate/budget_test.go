package locate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

func TestBudget_FillsTheLine(t *testing.T) {
	limits := locate.Limits{Token: 6000, Line: 5000}
	for _, test := range []struct {
		loc, line string
		overhead  int
		budget    int
	}{
		{"header:X-Auth", "X-Auth: Bearer " + T, len("X-Auth: Bearer "), 5000 - len("X-Auth: Bearer ")},
		{"fragment:t", "Location: /cb#t=" + T + "&s=1", len("Location: /cb#t=&s=1"), 5000 - len("Location: /cb#t=&s=1")},
		{"cookie:jwt", "Set-Cookie: jwt=" + T + "; Path=/", len("Set-Cookie: jwt=; Path=/"), 4096 - len("jwt=; Path=/")},
		{"header:X-Auth", "X-Auth: " + T + strings.Repeat(" ", 6000), 6008, 0},
	} {
		found := locate.Response{Header: header(test.line)}.Find(locs(t, test.loc))
		if len(found) != 1 {
			t.Fatalf("found %d tokens in %.60s, want 1", len(found), test.line)
		}
		if got := found[0].Overhead; got != test.overhead {
			t.Errorf("Overhead in %.60s = %d, want %d", test.line, got, test.overhead)
		}
		if got := found[0].Budget(limits); got != test.budget {
			t.Errorf("Budget in %.60s = %d, want %d", test.line, got, test.budget)
		}
	}
	inBody := locate.Response{Header: header("Content-Type: application/jwt"), Body: []byte(T)}
	if got := inBody.Find(locs(t, "body"))[0].Budget(limits); got != 6000 {
		t.Errorf("Budget in a body = %d, want 6000", got)
	}
}

func TestFits_AcceptsATokenOfExactlyItsBudget(t *testing.T) {
	limits := locate.Limits{Token: 6000, Line: 5000}
	for _, test := range []struct{ loc, line string }{
		{"header:X-Auth", "X-Auth: Bearer " + T},
		{"query:t", "Location: /cb?t=" + T},
		{"cookie:jwt", "Set-Cookie: jwt=" + T + "; Path=/"},
	} {
		// Fits ignores X-Long, which is over the limit but does not change.
		before := locate.Response{Header: header(test.line, "X-Long: "+strings.Repeat("x", 9000))}
		found := before.Find(locs(t, test.loc))
		budget := found[0].Budget(limits)
		for _, grown := range []struct {
			size int
			fits bool
		}{{budget, true}, {budget + 1, false}} {
			token := strings.Repeat("a", grown.size-4) + ".b.c"
			after := before.Replace(found, map[string]string{T: token})
			if err := locate.Fits(before.Header, after.Header, limits); (err == nil) != grown.fits {
				t.Errorf("%s with a token of %d bytes, budget %d: Fits = %v, want it to fit: %t", test.loc, grown.size, budget, err, grown.fits)
			}
		}
	}
}

func TestFits_RejectsTwoTokensThatTogetherExceedTheLine(t *testing.T) {
	limits := locate.Limits{Token: 6000, Line: 5000}
	before := locate.Response{Header: header("Location: /cb#access_token=" + T + "&id_token=" + U)}
	found := before.Find(locs(t, "fragment:access_token", "fragment:id_token"))
	enriched := map[string]string{}
	for _, f := range found {
		enriched[f.Token] = strings.Repeat("a", f.Budget(limits)-4) + ".b.c"
	}
	after := before.Replace(found, enriched)
	size := len("Location: ") + len(after.Header.Get("Location"))
	want := fmt.Sprintf("header line Location of %d bytes with its enriched tokens, the limit is 5000", size)
	if err := locate.Fits(before.Header, after.Header, limits); err == nil || err.Error() != want {
		t.Errorf("Fits = %v, want: %s", err, want)
	}
}
