package loglimit

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestCounter_AllowsOneLineOfAKindInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Counter
		var got []int
		for range 3 {
			got = append(got, c.Count("a"), c.Count("b"), c.Count("a"), c.Count("a"))
			time.Sleep(interval - time.Nanosecond)
			got = append(got, c.Count("a"))
			time.Sleep(time.Nanosecond)
		}
		want := []int{1, 1, 0, 0, 0, 4, 1, 0, 0, 0, 4, 1, 0, 0, 0}
		if !slices.Equal(got, want) {
			t.Errorf("Count returned %v, want %v", got, want)
		}
	})
}

func TestCounter_CountsManyKindsAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Counter
		lines := 0
		for i := range 10 * maxKinds {
			if c.Count(strconv.Itoa(i)) > 0 {
				lines++
			}
		}
		if lines != maxKinds+1 || len(c.kinds) != maxKinds+1 {
			t.Errorf("%d different kinds: %d lines and %d kinds in memory, want %d of both", 10*maxKinds, lines, len(c.kinds), maxKinds+1)
		}
	})
}
