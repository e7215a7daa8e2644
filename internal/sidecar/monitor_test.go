package sidecar

import (
	"fmt"
	"testing"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// The log has few lines during an outage. The failures of a rule and reason add up to the
// tokens all the same.
func TestAddUnlogged_AddsUpToTheMetric(t *testing.T) {
	failures := []adminapi.Failure{
		{Rule: "POST /login", Reason: "unavailable", Cause: "new", Count: 2},
		{Rule: "POST /login", Reason: "unavailable", Cause: "old", Count: 5},
		{Rule: "POST /login", Reason: "bad_token", Count: 9},
		{Rule: "POST /other", Reason: "unavailable", Count: 1},
		{Cause: "the change stream", Count: 3},
		{Rule: "POST /login", Cause: "the backend", Count: 4},
	}
	addUnlogged(failures, func(rule string) map[string]int64 {
		if rule == "POST /login" {
			return map[string]int64{"unavailable": 1600, "bad_token": 8, "": 77}
		}
		return nil
	})
	counts := []int{}
	for _, f := range failures {
		counts = append(counts, f.Count)
	}
	if got, want := fmt.Sprint(counts), "[1595 5 9 1 3 4]"; got != want {
		t.Errorf("counts %s, want %s", got, want)
	}
}
