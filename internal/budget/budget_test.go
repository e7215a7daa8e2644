package budget

import (
	"sync"
	"testing"
)

func TestBudget_TakesNoMoreThanItsLimit(t *testing.T) {
	const limit, piece = 1000, 7
	b := New(limit)
	var taking sync.WaitGroup
	for range 8 {
		taking.Go(func() {
			for range 1000 {
				if b.Take(piece) {
					if used := b.Used(); used > limit {
						t.Errorf("Used() = %d, want at most %d", used, limit)
					}
					b.Return(piece)
				}
			}
		})
	}
	taking.Wait()
	if b.Used() != 0 {
		t.Errorf("Used() = %d after everything was returned, want 0", b.Used())
	}
}

func TestBudget_LeavesAQuarterToSmallBuffers(t *testing.T) {
	b := New(100)
	for range 7 {
		if !b.TakeLarge(10) {
			t.Fatalf("TakeLarge(10) = false with %d of 100 used, want true below 75", b.Used())
		}
	}
	if b.TakeLarge(10) {
		t.Error("TakeLarge(10) = true with 70 of 100 used, want false")
	}
	if !b.Take(30) {
		t.Error("Take(30) = false with 70 of 100 used, want true")
	}
	if b.Take(1) {
		t.Error("Take(1) = true with 100 of 100 used, want false")
	}
}

func TestBudget_ResizeKeepsWhatWasTaken(t *testing.T) {
	b := New(100)
	b.Take(80)
	b.Resize(50)
	if b.Take(1) {
		t.Error("Take(1) = true with 80 of 50 used, want false")
	}
	b.Return(40)
	if !b.Take(10) || b.Used() != 50 || b.Limit() != 50 {
		t.Errorf("used %d of %d, want 50 of 50", b.Used(), b.Limit())
	}
}
