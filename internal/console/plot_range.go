package console

import (
	"slices"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// ranges are how much time plots show, in seconds: as little as has all values, so that the
// plots of a new sidecar are not empty.
var ranges = []float64{2 * 60, 5 * 60, 15 * 60, 30 * 60}

// recent cuts the time before the first value from all series, so that their axes of time
// are the same.
func recent(all []adminapi.Series) []adminapi.Series {
	age := 0.0
	for _, s := range all {
		for _, line := range s.Lines {
			if first := slices.IndexFunc(line.Values, func(v *float64) bool { return v != nil }); first >= 0 {
				age = max(age, float64(len(line.Values)-first)*s.Step)
			}
		}
	}
	for _, seconds := range ranges {
		if age <= seconds {
			return cutTo(all, seconds)
		}
	}
	return all
}

func cutTo(all []adminapi.Series, seconds float64) []adminapi.Series {
	cut := make([]adminapi.Series, len(all))
	for i, s := range all {
		n := pointsOf(s)
		if s.Step > 0 {
			n = min(n, max(int(seconds/s.Step), 2))
		}
		lines := make([]adminapi.Line, len(s.Lines))
		for j, line := range s.Lines {
			lines[j] = adminapi.Line{Label: line.Label, Values: line.Values[max(0, len(line.Values)-n):]}
		}
		s.Lines = lines
		cut[i] = s
	}
	return cut
}
