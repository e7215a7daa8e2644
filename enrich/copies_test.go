package enrich_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// A copying is a backend that makes its next token from the claims of an enriched one.
type copying struct {
	fixture
	documents map[string]string
	log       *bytes.Buffer
}

func newCopying(t *testing.T, algorithm string, change func(*keys.Options, *enrich.Options)) copying {
	c := copying{documents: map[string]string{"u1": `{"v":1}`}, log: &bytes.Buffer{}}
	c.fixture = newFixture(t, algorithm, func(k *keys.Options, o *enrich.Options) {
		o.Source, o.Logger = documents(c.documents), slog.New(slog.NewTextHandler(c.log, nil))
		if change != nil {
			change(k, o)
		}
	})
	return c
}

// next returns the original that the backend makes from a token.
func (c copying) next(t *testing.T, token string) string {
	_, claims := enrichtest.DecodeToken(t, token)
	return c.issuer.Token(changed(claims))
}

func changed(claims string) string { return strings.Replace(claims, `"sub":"u1"`, `"sub":"u1" `, 1) }

// H2: a claim that we wrote never outlives its document, and the original that has it can
// be restored.
func TestCopies_NeverOutliveTheirDocument(t *testing.T) {
	for _, algorithm := range []string{"HS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			c := newCopying(t, algorithm, func(_ *keys.Options, o *enrich.Options) { o.ReadAt = "read_at" })
			original := c.next(t, c.enrichOne(t, c.issuer.Token(claimsOf(""))).Raw)

			c.documents["u1"] = `{"v":2}`
			got := c.enrichOne(t, original)
			_, claims := enrichtest.DecodeToken(t, got.Raw)
			if got.Reason != enrich.OK || strings.Contains(claims, `{"v":1}`) || !strings.Contains(claims, `{"v":2}`) || strings.Count(claims, `"tgr"`) != 1 {
				t.Errorf("with a changed document: reason %q (%v), claims %s; want ok, the new document and one tgr", got.Reason, got.Err, claims)
			}
			c.checkRestores(t, got.Raw, original)

			delete(c.documents, "u1")
			got = c.enrichOne(t, original)
			_, claims = enrichtest.DecodeToken(t, got.Raw)
			claims, record := enrichtest.CutRecord(claims)
			if want := changed(claimsOf("")); got.Reason != enrich.NoDocument || claims != want || record == "" {
				t.Errorf("without a document: reason %q (%v), claims %s, tgr %q; want no_document, %s and a record", got.Reason, got.Err, claims, record, want)
			}
			c.checkRestores(t, got.Raw, original)
			if n := strings.Count(c.log.String(), "level=WARN"); n != 1 || !strings.Contains(c.log.String(), "restore.at") {
				t.Errorf("log %s, want one warning that names restore.at", c.log)
			}
		})
	}
}

func (c copying) checkRestores(t *testing.T, enriched, original string) {
	t.Helper()
	if got, ok := c.Restore(enriched); !ok || got != original {
		t.Errorf("restored %v to %s, want %s", ok, got, original)
	}
}

// H2: also in a token of a kind that gets no claim, and whatever restore is now.
func TestCopies_AreRemovedFromEveryToken(t *testing.T) {
	for _, restore := range []enrich.Restore{enrich.RestoreAuto, enrich.RestoreOff} {
		c := newCopying(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Restore = restore })
		access := c.issuer.Token(claimsOf(""))
		id := c.issuer.Token(claimsOf(`,"custom_data":{"v":1},"nonce":"n","tgr":"` + copied + `"`))
		got := c.Enrich(t.Context(), grant(access, id))[1]
		_, claims := enrichtest.DecodeToken(t, got.Raw)
		claims, record := enrichtest.CutRecord(claims)
		if want := claimsOf(`,"nonce":"n"`); claims != want || (record == "") != (restore == enrich.RestoreOff) {
			t.Errorf("Restore %d: the id_token has the reason %q (%v), claims %s, tgr %q; want %s", restore, got.Reason, got.Err, claims, record, want)
		}
	}
}

// A backend may use a claim tgr for its own purposes. Then the claim with our name is the
// backend's too.
func TestCopies_AreRecognizedByTheRecordOnly(t *testing.T) {
	short := enrichtest.EncodeSegment("\x02short")
	format1 := enrichtest.EncodeSegment("\x01" + strings.Repeat("r", 60))
	for _, tgr := range []string{`"taken"`, `1`, `null`, `["` + copied + `"]`, `"` + copied + `="`, `"` + short + `"`, `"` + format1 + `"`} {
		c := newCopying(t, "HS256", nil)
		delete(c.documents, "u1")
		token := c.issuer.Token(claimsOf(`,"custom_data":{"v":1},"tgr":` + tgr))
		if got := c.enrichOne(t, token); got.Reason != enrich.NoDocument || got.Raw != token {
			t.Errorf("tgr %s without a document: reason %q (%v), changed %v; want no_document, unchanged", tgr, got.Reason, got.Err, got.Raw != token)
		}
		c.documents["u1"] = `{"v":2}`
		got := c.enrichOne(t, token)
		c.checkRestores(t, got.Raw, token)
		if !strings.Contains(c.log.String(), "the backend's tokens have a claim tgr") {
			t.Errorf("tgr %s: log %s, want a warning that the claim tgr is replaced", tgr, c.log)
		}
	}
}

// A backend that copies the claims at every refresh makes tokens that seal more and more.
// With its own key, the token stays within its budget and shows the current document.
func TestCopies_StayWithinTheBudget(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "RS256")
	for algorithm, change := range map[string]func(*keys.Options, *enrich.Options){
		"HS256": nil,
		"RS256": func(k *keys.Options, o *enrich.Options) {
			k.JWKS, k.Dir, k.BackendKey = "", "", filepath.Join(t.TempDir(), "backend.key")
			o.Restore = enrich.RestoreOn
			if err := os.WriteFile(k.BackendKey, issuer.PrivatePEM(), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		c := newCopying(t, algorithm, change)
		token := c.issuer.Token(claimsOf(""))
		for range 30 {
			token = c.next(t, c.enrichOne(t, token).Raw)
		}
		delete(c.documents, "u1")
		got := c.enrichOne(t, token)
		_, claims := enrichtest.DecodeToken(t, got.Raw)
		if got.Reason != enrich.NoDocument || strings.Contains(claims, "custom_data") {
			t.Errorf("%s: after 30 copies and without a document: reason %q (%v), claims %s; want no_document and no custom_data", algorithm, got.Reason, got.Err, claims)
		}
	}
}

// An object about a user can have copies too.
func TestEnrichObject_RemovesCopies(t *testing.T) {
	c := newCopying(t, "HS256", nil)
	object := []byte(`{"sub":"u1","custom_data":{"v":0},"tgr":"` + copied + `","x":1.0}`)
	for document, want := range map[string]string{
		`{"v":1}`: `{"sub":"u1","custom_data":{"v":1},"x":1.0}`,
		"":        `{"sub":"u1","x":1.0}`,
	} {
		if c.documents["u1"] = document; document == "" {
			delete(c.documents, "u1")
		}
		if got, err := c.EnrichObject(t.Context(), object); err != nil || string(got) != want {
			t.Errorf("EnrichObject(%s) with the document %q = %s, %v; want %s", object, document, got, err, want)
		}
	}
}

// The counter tells copies from claims of the backend's own. Where nothing can tell them
// apart, the log names both ways out before a document is deleted.
func TestCopies_AreCounted(t *testing.T) {
	for _, tt := range []struct {
		name, claims     string
		restore          enrich.Restore
		copies, backends int64
		warns            bool
	}{
		{"no claim", ``, enrich.RestoreAuto, 0, 0, false},
		{"a copy", `,"custom_data":{"v":1},"tgr":"` + copied + `"`, enrich.RestoreAuto, 1, 0, false},
		{"a copy, restore off", `,"custom_data":{"v":1},"tgr":"` + copied + `"`, enrich.RestoreOff, 1, 0, false},
		{"the backend's claim", `,"custom_data":{"v":1}`, enrich.RestoreAuto, 0, 1, false},
		{"a claim, restore off", `,"custom_data":{"v":1}`, enrich.RestoreOff, 0, 1, true},
	} {
		reader := sdk.NewManualReader()
		c := newCopying(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
			o.Restore, o.Meter = tt.restore, sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("")
		})
		c.enrichOne(t, c.issuer.Token(claimsOf(tt.claims)))
		counts := countedBy(t, reader, "tokengraft.existing.claims", "from")
		if counts["copied"] != tt.copies || counts["backend"] != tt.backends {
			t.Errorf("%s: counted %v, want copied %d, backend %d", tt.name, counts, tt.copies, tt.backends)
		}
		if warned := strings.Contains(c.log.String(), "choose another claim name"); warned != tt.warns {
			t.Errorf("%s: warned %v, want %v; log %s", tt.name, warned, tt.warns, c.log)
		}
	}
}

// countedBy returns the values of a counter by a label.
func countedBy(t *testing.T, reader *sdk.ManualReader, metric string, label attribute.Key) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			for i := 0; ok && m.Name == metric && i < len(sum.DataPoints); i++ {
				value, _ := sum.DataPoints[i].Attributes.Value(label)
				counts[value.AsString()] += sum.DataPoints[i].Value
			}
		}
	}
	return counts
}
