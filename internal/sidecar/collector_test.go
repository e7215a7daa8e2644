package sidecar

import "testing"

func TestGCPercent_GivesGarbageRoomByWhatIsLive(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 200}, {1 << 20, 200}, {3 << 20, 200},
		{6 << 20, 100}, {12 << 20, 50}, {24 << 20, 25},
		{64 << 20, 25}, {1 << 30, 25},
	} {
		if got := gcPercent(test.live); got != test.want {
			t.Errorf("with %d live bytes: GOGC %d, want %d", test.live, got, test.want)
		}
	}
}
