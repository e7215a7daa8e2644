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
	const otherwise = 10 * time.Minute
	for _, c := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing said", http.Header{}, otherwise},
		{"said of something else", http.Header{"Cache-Control": {"public"}}, otherwise},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=60"}}, time.Minute},
		{"in quotes", http.Header{"Cache-Control": {`Max-Age="60"`}}, time.Minute},
		{"on a further line", http.Header{"Cache-Control": {"public", "max-age=60"}}, time.Minute},
		{"some of it gone", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"45"}}, 15 * time.Second},
		{"all of it gone", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"90"}}, -30 * time.Second},
		{"an age that is none", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"-5"}}, time.Minute},
		{"no number", http.Header{"Cache-Control": {"max-age=soon"}}, 0},
		{"not to be kept", http.Header{"Cache-Control": {"no-store"}}, 0},
		{"to be asked for each time", http.Header{"Cache-Control": {"no-cache, max-age=60"}}, 0},
		{"to be asked for each time, said last", http.Header{"Cache-Control": {"max-age=60, no-cache"}}, 0},
		{"the first of two", http.Header{"Cache-Control": {"max-age=60, max-age=90"}}, time.Minute},
		{"a number that would overflow", http.Header{"Cache-Control": {"max-age=9223372036854775807"}}, 1 << 20 * time.Second},
		{"expires", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}}, 2 * time.Minute},
		{"expires, by a clock ahead of ours", http.Header{"Expires": {"Sat, 01 Jan 2000 01:02:00 GMT"}, "Date": {"Sat, 01 Jan 2000 01:00:00 GMT"}}, 2 * time.Minute},
		{"expires, some of it gone", http.Header{"Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}, "Age": {"45"}}, 75 * time.Second},
		{"expired before all time", http.Header{"Expires": {"Mon, 01 Jan 0001 00:00:00 GMT"}, "Age": {"45"}}, -45 * time.Second},
		{"max-age beside expires", http.Header{"Cache-Control": {"max-age=60"}, "Expires": {"Sat, 01 Jan 2000 00:02:00 GMT"}}, time.Minute},
		{"no date", http.Header{"Expires": {"0"}}, 0},
	} {
		// Its clock begins with the year 2000.
		synctest.Test(t, func(t *testing.T) {
			if got := httpcache.FreshFor(c.header, otherwise); got != c.want {
				t.Errorf("%s: FreshFor(%v) = %v, want %v", c.name, c.header, got, c.want)
			}
		})
	}
}

// B3: no header makes a set fresh for long, and one as old as its max-age is not.
func FuzzFreshFor_IsBounded(f *testing.F) {
	f.Add("max-age=300", "10", "")
	f.Add(`public, MAX-AGE="300", no-cache`, "-1", "")
	f.Add("max-age=-9223372036854775808", "9223372036854775807", "")
	f.Add("", "", "Mon, 01 Jan 9999 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, cacheControl, age, expires string) {
		header := http.Header{"Cache-Control": {cacheControl}, "Age": {age}, "Expires": {expires}}
		fresh := httpcache.FreshFor(header, time.Minute)
		if strings.Contains(cacheControl, "max-age") && fresh > 1<<20*time.Second {
			t.Errorf("fresh for %s by %q", fresh, header)
		}
		header.Set("Age", "9223372036854775807")
		if strings.HasPrefix(cacheControl, "max-age=") && httpcache.FreshFor(header, 0) > 0 {
			t.Errorf("older than its max-age and fresh by %q", header)
		}
	})
}
