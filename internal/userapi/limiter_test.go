package userapi

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

var ann, bob = enrich.User{ID: "ann"}, enrich.User{ID: "bob"}

// count returns how many requests of a user the limiter allows now.
func count(l *Limiter, user enrich.User) (n int) {
	for {
		if _, ok := l.Allow(user); !ok {
			return n
		}
		n++
	}
}

func TestLimiter_AllowsTheNumberOfAMinuteForEachUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(60)
		if got := count(l, ann); got != 60 {
			t.Errorf("at once: %d requests, want 60", got)
		}
		if wait, ok := l.Allow(ann); ok || wait != time.Second {
			t.Errorf("Allow = %v, %t; want the next request after 1s", wait, ok)
		}
		if got := count(l, bob); got != 60 {
			t.Errorf("another user: %d requests, want 60", got)
		}
		time.Sleep(time.Second - time.Nanosecond)
		if _, ok := l.Allow(ann); ok {
			t.Error("Allow = true in less than a second, want false")
		}
		time.Sleep(time.Nanosecond)
		if got := count(l, ann); got != 1 {
			t.Errorf("after a second: %d requests, want 1", got)
		}
		time.Sleep(30 * time.Second)
		if got := count(l, ann); got != 30 {
			t.Errorf("after 30 seconds: %d requests, want 30", got)
		}
		time.Sleep(time.Hour)
		if got := count(l, ann); got != 60 {
			t.Errorf("after an hour: %d requests, want 60", got)
		}
	})
}

func TestLimiter_TellsUsersApart(t *testing.T) {
	l := NewLimiter(1)
	for _, user := range []enrich.User{{ID: "5"}, {ID: "5", Number: true}, {ID: "5", Issuer: "a"}} {
		if got := count(l, user); got != 1 {
			t.Errorf("%+v: %d requests, want 1", user, got)
		}
	}
}

func TestLimiter_AllowsAtLeastOneRequest(t *testing.T) {
	if got := count(NewLimiter(0), ann); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
}

// Law G7: the memory is bounded, and no user is refused because there are many.
func TestLimiter_ForgetsUsersWhenThereAreTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(60)
		count(l, ann)
		for i := range 2 * maxUsers {
			if _, ok := l.Allow(enrich.User{ID: strconv.Itoa(i)}); !ok {
				t.Fatalf("the first request of user %d is refused", i)
			}
		}
		if len(l.idle) != maxUsers {
			t.Errorf("the limiter remembers %d users, want %d", len(l.idle), maxUsers)
		}
		if _, ok := l.Allow(ann); ok {
			t.Error("the user who has used most was forgotten, want others forgotten first")
		}
	})
}
