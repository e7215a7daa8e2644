package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// FuzzIsForwardedHeader compares it with package http's spelling of names.
func FuzzIsForwardedHeader(f *testing.F) {
	for _, name := range []string{
		"Forwarded", "forwarded", "X-Forwarded-For", "x_forwarded_for", "X_Forwarded-Host", "X-Forwarded-", "X-Forwarded", "X-Real-Ip", "x_real_ip",
		"X-Real-IP2", "Forwarded-For", "X-Forwarder-For", "Host", "", "X-Request-Id",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
			return // not a name, so package http does not spell it
		}
		canonical := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		want := canonical == "Forwarded" || canonical == "X-Real-Ip" || strings.HasPrefix(canonical, "X-Forwarded-")
		if got := proxy.IsForwardedHeader(name); got != want {
			t.Errorf("IsForwardedHeader(%q) = %t, want %t", name, got, want)
		}
	})
}
