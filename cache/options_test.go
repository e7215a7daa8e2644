package cache_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/cache"
)

func TestNew_RefusesWrongOptions(t *testing.T) {
	for field, o := range map[string]cache.Options{
		"Options.MaxBytes":   {MaxBytes: -1},
		"Options.MissingFor": {MaxBytes: 1 << 20, MissingFor: -1},
		"Options.StaleFor":   {MaxBytes: 1 << 20, StaleFor: -1},
	} {
		c, err := cache.New(o)
		if err == nil {
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("New(%+v) returned the error %v, want one that names %s", o, err, field)
		}
	}
}

func TestNew_ZeroOptions(t *testing.T) {
	c, err := cache.New(cache.Options{})
	if err != nil {
		t.Fatalf("New(Options{}): %v", err)
	}
	defer c.Close()
	if got, want := c.Stats().MaxBytes, int64(64<<20); got != want {
		t.Errorf("Stats().MaxBytes = %d, want %d", got, want)
	}
	source := newFakeSource(`{}`)
	for range 2 {
		wantDocument(t, c.Source(source, ""), login(anna), `{}`)
	}
	wantReads(t, source, 1)
	for range 2 { // a missing document is not remembered
		wantDocument(t, c.Source(source, ""), login(user(1)), "")
	}
	wantReads(t, source, 3)
	c.InvalidateAll() // logs a message, which is discarded
}
