package muxpattern_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
)

func TestCheck_ReportsBadPatternsAndConflicts(t *testing.T) {
	for _, tt := range []struct {
		patterns []string
		ok       bool
	}{
		{[]string{"POST /login"}, true},
		{[]string{"POST /login", "/login", "/{path}"}, true},
		{[]string{"POST login"}, false},
		{[]string{"POST /login", "POST /login"}, false},
		{[]string{"/{a}/b", "/b/{a}"}, false},
	} {
		if err := muxpattern.Check(tt.patterns...); (err == nil) != tt.ok {
			t.Errorf("Check(%q) = %v, want an error: %t", tt.patterns, err, !tt.ok)
		}
	}
}
