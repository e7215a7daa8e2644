package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// An observer records what it learns, without tokens.
type observer struct {
	mu       sync.Mutex
	answered []string
	issued   []string
}

func (o *observer) Answered(rule string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered = append(o.answered, rule)
}

func (o *observer) Issued(i proxy.Issuance) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n, outcome := range i.Outcomes {
		grown := len(outcome.Raw) > len(i.Tokens[n].Raw)
		o.issued = append(o.issued, fmt.Sprintf("%s %s %s %s header=%t user=%s document=%t life=%t grown=%t",
			i.Rule, i.Cause, i.Tokens[n].Kind, outcome.Reason, i.InHeader(n), outcome.User.ID, outcome.DocumentSize > 0, outcome.Life > 0, grown))
	}
}

func (o *observer) seen() (answered, issued []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.answered), slices.Clone(o.issued)
}

func TestObserver_LearnsWhatBecameOfTokens(t *testing.T) {
	for _, test := range []struct {
		name, location, head, body string
		shadow                     bool
		want                       string
	}{
		{"a body", "json:access_token", "200 OK\nContent-Type: application/json", `{"access_token":"TOKEN"}`, false, "header=false"},
		{"a cookie", "cookie:session", "200 OK\nSet-Cookie: session=TOKEN", "", false, "header=true"},
		{"shadow", "json:access_token", "200 OK\nContent-Type: application/json", `{"access_token":"TOKEN"}`, true, "header=false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &observer{}
			s := setup{rules: []proxy.Rule{rule(t, "POST /login", test.location)}, options: func(options *proxy.Options) { options.Observer = o }}
			if test.shadow {
				s = inShadow(s)
			}
			f, _ := startIssuing(t, s, func(token string) string {
				return answer("HTTP/1.1 "+strings.ReplaceAll(test.head, "TOKEN", token), strings.ReplaceAll(test.body, "TOKEN", token))
			})
			f.ask(t, login)
			want := "POST /login login access ok " + test.want + " user=u1 document=true life=true grown=true"
			waitFor(t, "the observer to learn of it", func() bool {
				answered, issued := o.seen()
				return slices.Equal(answered, []string{"POST /login"}) && slices.Equal(issued, []string{want})
			})
			f.ask(t, request("GET", "/other", nil, ""))
			waitFor(t, "the sign-in to be counted", func() bool { return f.counted(t, "tokengraft.sign_ins", attribute.String("kind", "login")) == 1 })
			if answered, issued := o.seen(); len(answered) != 1 || len(issued) != 1 || f.reason(t, enrich.OK) != 1 {
				t.Errorf("after a request without a rule: answered %q, issued %q, want one each", answered, issued)
			}
		})
	}
}
