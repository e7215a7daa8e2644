package locate_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// What is packed behind the first value is a refresh token, and not ours.
func TestFind_OnlyTheFirstPackedValueIsAToken(t *testing.T) {
	for value, want := range map[string]string{
		T + "$" + U + "$user$device": T,
		"opaque$" + U:                "opaque$" + U,
		"$" + U:                      "$" + U,
	} {
		occurrences := locate.Response{Header: header("Location: /#t=" + value)}.Find(locs(t, "fragment:t"))
		if len(occurrences) == 0 || occurrences[0].Token != want {
			t.Errorf("%s: found %v, want %s", value, occurrences, want)
		}
	}
}
