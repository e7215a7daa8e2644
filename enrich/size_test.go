package enrich_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// The page has what a token weighs in both formats. Tokens of format 1 are from a file;
// tokens of format 2 are made from originals of the same size.
func TestSizesPage_HasTheBytesOfBothFormats(t *testing.T) {
	var table strings.Builder
	table.WriteString("| algorithm | original | enriched | its header | `tgr` | enriched in format 1 | its header | `tgr` |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, old := range format1Tokens(t)[:6] {
		originalHeader, originalClaims := enrichtest.DecodeToken(t, old.Original)
		f := newFixture(t, old.Name, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
		enriched := f.enrichOne(t, f.issuer.TokenWithHeader(originalHeader, originalClaims)).Raw
		_, claims := enrichtest.DecodeToken(t, enriched)
		header, _ := enrichtest.DecodeToken(t, old.Enriched)
		_, record := enrichtest.CutRecord(claims)
		_, oldRecord, _ := strings.Cut(header, `"tgr":"`)
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", old.Name, len(old.Original), len(enriched), strings.IndexByte(enriched, '.'), len(record),
			len(old.Enriched), strings.IndexByte(old.Enriched, '.'), len(strings.TrimSuffix(oldRecord, `"}`)))
		if len(enriched) >= len(old.Enriched) || strings.IndexByte(enriched, '.') > 512 {
			t.Errorf("%s: %d bytes with a header of %d, want less than %d of format 1, and a header within 512", old.Name, len(enriched), strings.IndexByte(enriched, '.'), len(old.Enriched))
		}
	}
	page, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), table.String()) {
		t.Errorf("docs/performance.md does not have this table:\n%s", table.String())
	}
}

// Verifiers such as joserfc refuse a header with more than 512 bytes or with parameters
// that they do not know.
func TestEnrich_HeaderHasOnlyWhatTheOriginalHas(t *testing.T) {
	f := newFixture(t, "RS256", func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
	header, _ := enrichtest.DecodeToken(t, f.enrichOne(t, f.issuer.Token(claimsOf(""))).Raw)
	var members struct{ Alg, Typ, Kid string }
	if err := json.Unmarshal([]byte(header), &members); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q}`, members.Kid); header != want || len(members.Kid) != 43 {
		t.Errorf("the header is %s, want %s with a kid of 43 characters", header, want)
	}
	t.Logf("the header of an enriched token: %s", header)
}
