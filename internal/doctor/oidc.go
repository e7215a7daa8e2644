package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

func (d *doctor) checkUserInfo(ctx context.Context) {
	at := d.known.discovery.UserInfo
	if !d.wants(config.UserInfo, at, "userinfo") {
		return
	}
	d.checkObject(ctx, "userinfo", d.carry(Request{Method: http.MethodGet, Path: at}))
}

func (d *doctor) checkIntrospection(ctx context.Context) {
	at := d.known.discovery.Introspection
	if !d.wants(config.Introspection, at, "introspection") {
		return
	}
	r := Request{Method: http.MethodPost, Path: at, Header: d.sharedHeader(), Body: "token=${token}" + d.clientFields()}
	d.checkObject(ctx, "introspection", r)
}

// wants reports whether a kind of response should have the claim. If not, the check is
// skipped.
func (d *doctor) wants(kind config.ResponseKind, at, check string) bool {
	switch {
	case !slices.Contains(d.Config.Claim.Responses, kind):
		d.skip(check, "", "claim.responses does not have it")
	case at == "":
		d.fail(check, "Remove it from claim.responses.", "the discovery document does not name it")
	case d.subject == nil || !d.Config.Live():
		d.skip(check, "", "there is no enriched token")
	default:
		return true
	}
	return false
}

// checkObject looks for the claim in a response that is a JSON object or a signed one.
func (d *doctor) checkObject(ctx context.Context, check string, r Request) {
	d.counted = d.admin.reasons(ctx)
	answer, err := d.client.send(ctx, r, d.values())
	if err != nil || answer.status != http.StatusOK {
		d.fail(check, "The request is that of the login's client. If the endpoint wants another one, ask it with curl.", "%s answers %s", r.name(), statusOr(answer, err))
		return
	}
	if answer.claim(d.Config.Claim.Name) == nil {
		text, hint := d.whyNoClaim(ctx, r.name())
		d.fail(check, hint, "%s answers 200 without the claim %s%s", r.name(), d.Config.Claim.Name, text)
		return
	}
	d.ok(check, "%s has %s", r.name(), d.Config.Claim.Name)
}

// claim returns a member of an answer that is an object, or a JWT.
func (e exchange) claim(name string) []byte {
	if object, err := jsonedit.ParseLenient(e.body); err == nil {
		return object.Value(name)
	}
	if token, err := enrich.ParseToken(strings.TrimSpace(string(e.body))); err == nil {
		return token.Claim(name)
	}
	return nil
}
