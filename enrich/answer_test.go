package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestAnswerCarriesTheClaimsOfAToken(t *testing.T) {
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Freshness = "freshness" })
	const claims = `,"custom_data":{"lang":"en"},"freshness":"fresh"}`
	tests := []struct{ name, answer, want string }{
		{"userinfo", `{ "sub":"u1", "n":1.0 }`, `{ "sub":"u1", "n":1.0 ` + claims},
		{"active", `{"active":true,"sub":"u1"}`, `{"active":true,"sub":"u1"` + claims},
		{"not active", `{"active":false,"sub":"u1"}`, ""},
		{"active in words", `{"active":"true","sub":"u1"}`, ""},
		{"nobody's", `{"sub":"u2"}`, ""},
		{"of nobody", `{"name":"x"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.answer
			}
			got, err := f.Answer(t.Context(), []byte(tt.answer))
			if err != nil || string(got) != tt.want {
				t.Errorf("Answer(%s) = %s, %v; want %s", tt.answer, got, err, tt.want)
			}
		})
	}
}

func TestAnswerFailsWithoutTheDocument(t *testing.T) {
	down := errors.New("down")
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) { return enrich.Document{}, down })
	})
	if _, err := f.Answer(t.Context(), []byte(`{"sub":"u1"}`)); !errors.Is(err, down) {
		t.Errorf("Answer with the source down = %v", err)
	}
	if _, err := f.Answer(t.Context(), []byte(`{"sub":"u1","sub":"u2"}`)); err == nil {
		t.Error("Answer of two users = nil error")
	}
	f = newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.MaxSize = 3 })
	if _, err := f.Answer(t.Context(), []byte(`{"sub":"u1"}`)); !errors.Is(err, enrich.ErrTooLarge) {
		t.Errorf("Answer with a document too large = %v", err)
	}
}

func TestAnswerMayBeAsOldAsATokenWouldBe(t *testing.T) {
	var asked enrich.Query
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			asked = q
			return enrich.Document{}, enrich.ErrNoDocument
		})
	})
	now := time.Now()
	for answer, age := range map[string]time.Duration{
		`{"sub":"u1"}`: 0,
		fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600): 10 * time.Minute,
	} {
		if _, err := f.Answer(context.Background(), []byte(answer)); err != nil {
			t.Fatal(err)
		}
		if got := now.Sub(asked.NotBefore); (got - age).Abs() > 5*time.Second {
			t.Errorf("%s: a document of %v may be used, want %v", answer, got, age)
		}
	}
}
