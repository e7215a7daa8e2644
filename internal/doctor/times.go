package doctor

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// checkAtHash compares the at_hash of each id_token with the access tokens.
func (d *doctor) checkAtHash(context.Context) {
	var access []string
	for _, token := range d.tokens {
		if token.place.Location.Kind() == enrich.Access {
			access = append(access, token.raw)
		}
	}
	checked := 0
	for _, token := range d.tokens {
		value, ok := jsonedit.Unquote(token.parsed.Claim("at_hash"))
		if token.place.Location.Kind() != enrich.ID || !ok || len(access) == 0 {
			continue
		}
		if checked++; !hashes(token.parsed.Algorithm, value, access) {
			d.fail("at_hash", "OpenID Connect clients refuse the id_token. Name both tokens in one rule, so that the sidecar corrects the hash.", "the at_hash of %s is not that of the access token", token.place.Location)
			return
		}
	}
	if checked == 0 {
		d.skip("at_hash", "", "no id_token with at_hash came with an access token")
		return
	}
	d.ok("at_hash", "fits the access token")
}

// hashes reports whether a value is the at_hash of one of the tokens (OpenID Connect Core,
// section 3.1.3.6).
func hashes(algorithm, value string, tokens []string) bool {
	for _, token := range tokens {
		var h hash.Hash
		switch {
		case strings.HasSuffix(algorithm, "384"):
			h = sha512.New384()
		case strings.HasSuffix(algorithm, "512"), strings.HasPrefix(algorithm, "Ed"):
			h = sha512.New()
		default:
			h = sha256.New()
		}
		h.Write([]byte(token))
		sum := h.Sum(nil)
		if base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]) == value {
			return true
		}
	}
	return false
}

// checkTimes compares the times in the tokens with the clock of this machine.
func (d *doctor) checkTimes(context.Context) {
	if len(d.tokens) == 0 {
		d.skip("times", "", "there is no token")
		return
	}
	now, leeway := d.login.asked.Add(d.login.took), d.Config.Verify.Leeway
	for _, token := range d.tokens {
		at := token.place.Location
		issued, hasIssued := token.parsed.Date("iat")
		begins, hasBegins := token.parsed.Date("nbf")
		expires, hasExpires := token.parsed.Date("exp")
		const clocks = "Set the clocks of the machines, or raise verify.leeway (at most 5m)."
		switch {
		case hasIssued && issued.After(now.Add(leeway+time.Second)):
			d.fail("times", clocks, "the token at %s was issued %s in the future", at, issued.Sub(now).Round(time.Second))
			return
		case hasBegins && begins.After(now.Add(leeway+time.Second)):
			d.fail("times", clocks, "the token at %s is valid only in %s", at, begins.Sub(now).Round(time.Second))
			return
		case hasExpires && expires.Before(now.Add(-leeway)):
			d.fail("times", clocks, "the new token at %s expired %s ago", at, now.Sub(expires).Round(time.Second))
			return
		case !hasExpires:
			d.fail("times", "It is valid for ever, with the document of today. Let the backend set exp.", "the token at %s does not expire", at)
			return
		}
	}
	expires, _ := d.tokens[0].parsed.Date("exp")
	d.ok("times", "valid for %s", expires.Sub(now).Round(time.Second))
}

// checkClock compares the clocks of the servers with that of this machine.
func (d *doctor) checkClock(ctx context.Context) {
	var seen, wrong []string
	allowed := d.Config.Verify.Leeway + 2*time.Second // Date has whole seconds, and an answer takes time
	note := func(who string, date, asked time.Time, took time.Duration) {
		offset := date.Add(time.Second / 2).Sub(asked.Add(took / 2))
		if offset.Abs() > allowed+took {
			wrong = append(wrong, fmt.Sprintf("%s by %s", who, offset.Round(time.Second)))
		}
		seen = append(seen, fmt.Sprintf("%s %+ds", who, int(offset.Round(time.Second).Seconds())))
	}
	if request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Config.Backend.String()+"/", nil); err == nil {
		answer, err := exchangeWith(d.backend, request)
		if date, bad := http.ParseTime(answer.header.Get("Date")); err == nil && bad == nil {
			note("backend", date, answer.asked, answer.took)
		}
	}
	if !d.admin.date.IsZero() {
		note("sidecar", d.admin.date, d.admin.asked, 0)
	}
	switch {
	case len(seen) == 0:
		d.skip("clock", "", "neither the backend nor the sidecar says its time")
	case len(wrong) > 0:
		d.fail("clock", "Set the clocks (NTP). Tokens seem expired, or not valid yet, to the sidecar or to APIs.", "clocks differ from that of this machine: %s; verify.leeway is %s", strings.Join(wrong, ", "), d.Config.Verify.Leeway)
	default:
		d.ok("clock", "%s", strings.Join(seen, ", "))
	}
}
