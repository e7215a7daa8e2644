package locate_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// App Services packs a refresh token after the access token. It must not change.
func TestFind_TakesOnlyTheFirstPackedValue(t *testing.T) {
	for value, want := range map[string]string{
		T + "$" + U + "$user$device": T,
		"opaque$" + U:                "opaque$" + U,
		"$" + U:                      "$" + U,
	} {
		occurrences := locate.Response{Header: header("Location: /#t=" + value)}.Find(locs(t, "fragment:t"))
		if len(occurrences) == 0 || occurrences[0].Token != want {
			t.Errorf("fragment:t in /#t=%s: found %v, want %s", value, occurrences, want)
		}
	}
}
