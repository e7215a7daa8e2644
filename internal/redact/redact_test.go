package redact_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/redact"
)

func TestNames_HidesIDsAndIsBounded(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{"error", "error_description", "mfaRequired"}, "error, error_description, mfaRequired"},
		{[]string{"62efedca3587e6e83c0fc675", "anna@example.com", "", "eyJhbGciOi", "a\nb"}, strings.TrimSuffix(strings.Repeat("[redacted], ", 5), ", ")},
		{strings.Fields(strings.Repeat("a ", 20)), strings.Repeat("a, ", 12) + "…"},
	} {
		if got := redact.Names(tt.names); got != tt.want {
			t.Errorf("Names(%q) = %q, want %q", tt.names, got, tt.want)
		}
	}
}

func TestIssuer_QuotesAddressesAndNamesOnly(t *testing.T) {
	for _, issuer := range []string{
		"https://auth.example.com", "http://127.0.0.1:9000/realms/a", "https://login.example.com/73ffd264-44b3-4c69-90e8-e7d1dfc035d4/v2.0", "legacy-auth", "accounts.google.com",
	} {
		if got := redact.Issuer(issuer); got != `"`+issuer+`"` {
			t.Errorf("Issuer(%q) = %s, want it in quotes", issuer, got)
		}
	}
	for _, other := range []string{
		"", "anna@example.com", "62efedca3587e6e83c0fc675", "10432", "https://anna:secret@h", "https://h/?user=anna", "https://h/#a", "https://", "https://h/eyJhbGciOi.b.c",
		"https://h/" + strings.Repeat("a", 200), "https://h/a\nb", "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH", "a b",
	} {
		if got := redact.Issuer(other); got != redact.Hidden {
			t.Errorf("Issuer(%q) = %s, want %s", other, got, redact.Hidden)
		}
	}
}

func TestWord_QuotesIdentifiers(t *testing.T) {
	for text, want := range map[string]string{
		"key-1": `"key-1"`, "": `""`, "at+jwt": `"at+jwt"`, "1234-abc.apps.googleusercontent.com": `"1234-abc.apps.googleusercontent.com"`,
		"anna@example.com": redact.Hidden, "a b": redact.Hidden, "eyJhbGciOi": redact.Hidden, strings.Repeat("a", 129): redact.Hidden,
	} {
		if got := redact.Word(text); got != want {
			t.Errorf("Word(%q) = %s, want %s", text, got, want)
		}
	}
}
