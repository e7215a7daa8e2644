package sidecar

import "testing"

func TestGCPercent_GivesGarbageRoomByWhatIsLive(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 200}, {1 << 20, 200}, {4 << 20, 200},
		{8 << 20, 100}, {16 << 20, 50}, {32 << 20, 25},
		{64 << 20, 25}, {1 << 30, 25},
	} {
		if got := gcPercent(test.live); got != test.want {
			t.Errorf("with %d live bytes: GOGC %d, want %d", test.live, got, test.want)
		}
	}
}
