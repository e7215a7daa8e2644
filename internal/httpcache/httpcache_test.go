package httpcache_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/internal/httpcache"
)

func TestFreshFor_FollowsTheHeader(t *testing.T) {
	const byDefault = 10 * time.Minute
	for _, c := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"empty header", http.Header{}, byDefault},
		{"unrelated directive", http.Header{"Cache-Control": {"public"}}, byDefault},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=60"}}, time.Minute},
		{"quoted max-age", http.Header{"Cache-Control": {`Max-Age="60"`}}, time.Minute},
		{"max-age on a second line", http.Header{"Cache-Control": {"public", "max-age=60"}}, time.Minute},
		{"age below max-age", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"45"}}, 15 * time.Second},
		{"age above max-age", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"90"}}, -30 * time.Second},
		{"negative age", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"-5"}}, time.Minute},
		{"max-age that is not a number", http.Header{"Cache-Control": {"max-age=soon"}}, 0},
		{"no-store", http.Header{"Cache-Control": {"no-store"}}, 0},
		{"no-cache", http.Header{"Cache-Control": {"no-cache, max-age=60"}}, 0},
		{"no-cache after max-age", http.Header{"Cache-Control": {"max-age=60, no-cache"}}, 0},
		{"max-age twice", http.Header{"Cache-Control": {"max-age=60, max-age=90"}}, time.Minute},
		{"max-age that would overflow", http.Header{"Cache-Control": {"max-age=9223372036854775807"}}, 1 << 20 * time.Second},
		{"expires", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}}, 2 * time.Minute},
		{"expires, from a clock ahead of our clock", http.Header{"Expires": {"Sat, 01 Jan 2000 01:02:00 GMT"}, "Date": {"Sat, 01 Jan 2000 01:00:00 GMT"}}, 2 * time.Minute},
		{"expires with an age", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}, "Age": {"45"}}, 75 * time.Second},
		{"expired in year 1", http.Header{"Expires": {"Mon, 01 Jan 0001 00:00:00 GMT"}, "Age": {"45"}}, -45 * time.Second},
		{"max-age and expires", http.Header{"Cache-Control": {"max-age=60"}, "Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}}, time.Minute},
		{"expires that is not a date", http.Header{"Expires": {"0"}}, 0},
	} {
		// The clock of synctest starts with the year 2000.
		synctest.Test(t, func(t *testing.T) {
			if got := httpcache.FreshFor(c.header, byDefault); got != c.want {
				t.Errorf("%s: FreshFor(%v) = %v, want %v", c.name, c.header, got, c.want)
			}
		})
	}
}

// B3: no header keeps a key set fresh for too long, and a set as old as its
// max-age is not fresh.
func FuzzFreshFor_IsBounded(f *testing.F) {
	f.Add("max-age=300", "10", "")
	f.Add(`public, MAX-AGE="300", no-cache`, "-1", "")
	f.Add("max-age=-9223372036854775808", "9223372036854775807", "")
	f.Add("", "", "Mon, 01 Jan 9999 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, cacheControl, age, expires string) {
		header := http.Header{"Cache-Control": {cacheControl}, "Age": {age}, "Expires": {expires}}
		fresh := httpcache.FreshFor(header, time.Minute)
		if strings.Contains(cacheControl, "max-age") && fresh > 1<<20*time.Second {
			t.Errorf("FreshFor(%q) = %s, want at most %s", header, fresh, 1<<20*time.Second)
		}
		header.Set("Age", "9223372036854775807")
		if strings.HasPrefix(cacheControl, "max-age=") && httpcache.FreshFor(header, 0) > 0 {
			t.Errorf("FreshFor(%q) = %s, want 0 or less: it is older than its max-age", header, httpcache.FreshFor(header, 0))
		}
	})
}

func TestLimit_ShortensAndNeverLengthens(t *testing.T) {
	for _, c := range []struct{ before, age, expires, want string }{
		{"", "", "", "max-age=30"},
		{"public", "", "", "public, max-age=30"},
		{"public, max-age=600, s-maxage=900", "", "", "public, max-age=30"},
		{"max-age=10", "", "", "max-age=10"},
		{"max-age=40", "35", "", "max-age=5"},
		{"max-age=40", "50", "", "max-age=0"},
		{"max-age=600, Immutable, stale-while-revalidate=600, stale-if-error=600", "", "", "max-age=30"},
		{"no-store", "", "", "no-store, max-age=0"},
		{"no-cache, private", "", "", "no-cache, private, max-age=0"},
		{"", "", "Sat, 01 Jan 2000 00:00:20 GMT", "max-age=20"},
		{"", "", "0", "max-age=0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			header := http.Header{"Cdn-Cache-Control": {"max-age=600"}}
			for name, value := range map[string]string{"Cache-Control": c.before, "Age": c.age, "Expires": c.expires} {
				if value != "" {
					header.Set(name, value)
				}
			}
			httpcache.Limit(header, 30*time.Second)
			if got := header.Get("Cache-Control"); got != c.want || len(header) != 1 {
				t.Errorf("Limit of %q, Age %q, Expires %q: got header %v, want only Cache-Control: %s", c.before, c.age, c.expires, header, c.want)
			}
		})
	}
}
