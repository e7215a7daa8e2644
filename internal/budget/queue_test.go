package budget

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueue_ServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(2, 10)
		acquire(t, q, 2)
		var mu sync.Mutex
		var order []int
		for i := range 4 {
			go func() {
				acquire(t, q, 1+int64(i%2)) // a small one does not pass a large one
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			}()
			synctest.Wait()
		}
		for _, n := range []int64{2, 1, 2, 1} {
			q.Release(n)
			synctest.Wait()
		}
		if !slices.Equal(order, []int{0, 1, 2, 3}) {
			t.Errorf("served in the order %v, want that of arrival", order)
		}
		q.Release(2)
		if q.Used() != 0 {
			t.Errorf("Used() = %d at the end, want 0", q.Used())
		}
	})
}

func TestQueue_TryAcquireTakesOnlyWhatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(2, 10)
		if !q.TryAcquire(1) || q.TryAcquire(2) {
			t.Error("TryAcquire(1) and then (2) of 2: want true and false")
		}
		go acquire(t, q, 2)
		synctest.Wait()
		if q.TryAcquire(1) {
			t.Error("TryAcquire(1) = true with 1 unit free and one that waits, want false")
		}
		q.Release(1)
		synctest.Wait()
		if q.Used() != 2 {
			t.Errorf("Used() = %d, want 2 of the one that waited", q.Used())
		}
	})
}

func TestQueue_EndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(1, 1)
		acquire(t, q, 1)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errTest)
		defer cancel()
		began := time.Now()
		waited := make(chan error)
		go func() { waited <- q.Acquire(ctx, 1) }()
		synctest.Wait()
		if err := q.Acquire(ctx, 1); !errors.Is(err, ErrFull) {
			t.Errorf("Acquire with one waiting: error %v, want ErrFull", err)
		}
		if err := <-waited; !errors.Is(err, errTest) || time.Since(began) != time.Second {
			t.Errorf("Acquire: error %v after %s, want %v after 1s", err, time.Since(began), errTest)
		}
		q.Release(1)
		acquire(t, q, 1) // who gave up does not get it
		if q.Used() != 1 {
			t.Errorf("Used() = %d, want 1", q.Used())
		}
	})
}

func TestQueue_LetsThoseBehindWhoGaveUpContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(4, 10)
		acquire(t, q, 3)
		ctx, giveUp := context.WithCancel(t.Context())
		go q.Acquire(ctx, 4)
		synctest.Wait()
		served := false
		go func() {
			acquire(t, q, 1)
			served = true
		}()
		synctest.Wait()
		giveUp()
		synctest.Wait()
		if !served {
			t.Error("one of 4 units is free, and the waiter in front has given up: the waiter for 1 still waits, want that it gets it")
		}
	})
}

func TestQueue_ServesMoreThanItsLimitAlone(t *testing.T) {
	q := NewQueue(2, 0)
	acquire(t, q, 5)
	if err := q.Acquire(t.Context(), 1); !errors.Is(err, ErrFull) {
		t.Errorf("Acquire while more than the limit is used: error %v, want ErrFull", err)
	}
	q.Release(5)
	acquire(t, q, 1)
}

func TestQueue_ResizeWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(1, 1)
		acquire(t, q, 1)
		served := false
		go func() {
			acquire(t, q, 1)
			served = true
		}()
		synctest.Wait()
		q.Resize(2, 3)
		synctest.Wait()
		if !served {
			t.Error("Resize(2, 3) with 1 unit used: the waiter for 1 still waits, want that it gets it")
		}
		for range 3 {
			go acquire(t, q, 1)
		}
		synctest.Wait()
		if err := q.Acquire(t.Context(), 1); !errors.Is(err, ErrFull) {
			t.Errorf("Acquire with three waiting: error %v, want ErrFull", err)
		}
		q.Resize(5, 0)
		synctest.Wait()
		if q.Used() != 5 {
			t.Errorf("Used() = %d, want 5: three more may wait after Resize, and get their units", q.Used())
		}
	})
}

var errTest = errors.New("the test gave up")

func acquire(t *testing.T, q *Queue, n int64) {
	t.Helper()
	if err := q.Acquire(t.Context(), n); err != nil {
		t.Errorf("Acquire(%d): error %v, want nil", n, err)
	}
}
