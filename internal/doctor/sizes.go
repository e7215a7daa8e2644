package doctor

import (
	"context"
	"fmt"
	"strings"
)

const (
	maxCookie = 4096    // browsers may drop a larger one (RFC 6265, section 6.1)
	maxLines  = 8 << 10 // nginx, Apache and most load balancers take no larger header by default
	setCookie = "Set-Cookie: "
)

// checkSizes compares what clients and proxies must carry with what they accept.
func (d *doctor) checkSizes(context.Context) {
	if len(d.tokens) == 0 {
		d.skip("sizes", "", "there is no token")
		return
	}
	if d.lacksClaim() && d.reason == "too_large" {
		d.fail("sizes", d.reasonHint("too_large"), "the token with its document does not fit at %s (%s)", d.subject.place.Location, d.limitOf(*d.subject))
		return
	}
	var texts []string
	for _, token := range d.tokens {
		size, limit, what := d.sizeOf(token)
		text := fmt.Sprintf("%s: %s %d of %d bytes", token.place.Location, what, size, limit)
		if texts = append(texts, text); size > limit {
			d.fail("sizes", "List what clients need in claim.include.", "%s", text)
			return
		}
	}
	answer, request := headerSize(d.login.header), d.requestSize()
	texts = append(texts, fmt.Sprintf("headers: answer %d, next request %d of %d bytes", answer, request, maxLines))
	if max(answer, request) > maxLines {
		d.fail("sizes", "Proxies with their default settings answer 400, 431 or 502. List what clients need in claim.include, or raise the limits of every proxy on the way (nginx: large_client_header_buffers and proxy_buffer_size).", "%s", texts[len(texts)-1])
		return
	}
	d.ok("sizes", "%s", strings.Join(texts, "; "))
}

// sizeOf returns the size of a token with what is bounded together with it.
func (d *doctor) sizeOf(token issuedToken) (size, limit int, what string) {
	line := token.place.Overhead + len(token.raw)
	switch place := token.place.Location.String(); {
	case token.place.Overhead == 0:
		return len(token.raw), int(d.Config.Claim.MaxTokenSize), "token"
	case strings.HasPrefix(place, "cookie:"):
		return line - len(setCookie), min(maxCookie, int(d.Config.Claim.MaxHeaderSize)), "cookie"
	}
	return line, int(d.Config.Claim.MaxHeaderSize), "line"
}

// limitOf names the limit of the place of a token.
func (d *doctor) limitOf(token issuedToken) string {
	switch _, limit, what := d.sizeOf(token); what {
	case "token":
		return fmt.Sprintf("claim.max_token_size is %d bytes", limit)
	case "cookie":
		return fmt.Sprintf("a cookie has at most %d bytes, and claim.max_header_size is %d", maxCookie, int(d.Config.Claim.MaxHeaderSize))
	default:
		return fmt.Sprintf("claim.max_header_size is %d bytes", limit)
	}
}

// requestSize is about the size of the header of a request that brings the token back.
func (d *doctor) requestSize() int {
	const rest = 600 // what a browser sends besides
	size := rest
	for name, value := range d.client.jar {
		size += len(name) + len(value) + len("=; ")
	}
	if d.subject != nil && !strings.HasPrefix(d.subject.placeName(), "cookie:") {
		size += len("Authorization: Bearer ") + len(d.subject.raw)
	}
	return size
}

func (t *issuedToken) placeName() string {
	if t == nil {
		return ""
	}
	return t.place.Location.String()
}
