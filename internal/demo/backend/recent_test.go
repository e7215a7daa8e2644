package backend

import (
	"strconv"
	"testing"
)

func TestRecent_ForgetsTheOldest(t *testing.T) {
	r := newRecent()
	const all = 2*maxRecent + 10
	for i := range all {
		r.add(strconv.Itoa(i), "u"+strconv.Itoa(i))
	}
	if len(r.users) != maxRecent || len(r.order) != maxRecent {
		t.Errorf("%d tokens are remembered in a ring of %d, want %d", len(r.users), len(r.order), maxRecent)
	}
	for token, want := range map[int]bool{all - 1: true, all - maxRecent: true, all - maxRecent - 1: false, 0: false} {
		user, ok := r.user(strconv.Itoa(token))
		if ok != want || ok && user != "u"+strconv.Itoa(token) {
			t.Errorf("token %d: user %q, %t, want it to be known: %t", token, user, ok, want)
		}
	}
}
