package console

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func (c *console) rules(q *request) *page {
	all := c.Monitor.Rules(q.Context())
	body := []h.Node{h.Div(h.ID("warnings"), h.Data("live", ""), h.Map(all.Warnings, warning))}
	if len(all.Rules) == 0 {
		body = append(body, empty("There are no rules, so no response is looked at."))
	}
	for i, rule := range all.Rules {
		body = append(body, ruleCard(q, rule, fmt.Sprintf("rule-%d", i+1)))
	}
	return &page{name: "rules", title: "Rules", lead: "Each rule as the sidecar understands it, and what it has done since the start.", live: true, body: body}
}

func warning(text string) h.Node { return h.P(h.Class("notice warn"), prose(text)) }

func ruleCard(q *request, r adminapi.Rule, id string) h.Node {
	return h.Section(h.ID(id), h.Class("card rule"), h.Data("live", ""), h.Aria("labelledby", id+"-title"),
		h.Div(h.Class("row"),
			h.H2(h.ID(id+"-title"), h.Code(h.Text(r.Match))),
			pill("quiet", "from "+originInWords(r.Origin)),
		),
		h.Div(h.Class("figures"),
			figure("Answers", grouped(r.Answers)), figure("Tokens", grouped(r.Found)),
			h.Div(h.Class("figure"), h.Span(h.Text("Last token")), h.Strong(agoOf(r.LastFound, q.now))),
		),
		h.Div(h.Class("cols"), facts(ruleFacts(r)...), reasons(r.Reasons)),
		h.Map(r.Warnings, warning),
	)
}

func originInWords(origin string) string {
	if origin == "oidc" {
		return "OpenID Connect discovery"
	}
	return "the " + origin
}

func figure(label, value string) h.Node {
	return h.Div(h.Class("figure"), h.Span(h.Text(label)), h.Strong(h.Text(value)))
}

func ruleFacts(r adminapi.Rule) [][2]h.Node {
	all := [][2]h.Node{}
	if len(r.Tokens) > 0 {
		all = append(all, fact("Tokens at", places(r.Tokens)))
	}
	if r.Refresh != "" {
		all = append(all, fact("Refresh", prose(cmp.Or(sentence(r.Why), sentence(refreshInWords(r.Refresh))))))
	}
	if r.OnFailure != "" {
		all = append(all, fact("On failure", h.Text(sentence(failureInWords(r.OnFailure)))))
	}
	if r.Gate == "yes" || r.Gate == "headers" {
		all = append(all, fact("Gate", h.Text(sentence(gateInWords(r.Gate)))))
	}
	if len(r.Restore) > 0 {
		all = append(all, fact("Restored at", codeList(r.Restore)))
	}
	return all
}

func places(tokens []adminapi.RuleToken) h.Node {
	return h.Ul(h.Class("plain"), h.Map(tokens, func(t adminapi.RuleToken) h.Node {
		claim := "gets the claim"
		if !t.Claim {
			claim = "stays without the claim"
		}
		return h.Li(h.Code(h.Text(t.Location)), h.Span(h.Class("quiet"), h.Text(" "+t.Kind+" token, "+claim)))
	}))
}

func refreshInWords(word string) string {
	switch word {
	case "yes":
		return "answers are refreshes"
	case "no":
		return "answers are logins"
	case "auto":
		return "the request says whether it is a login or a refresh"
	case "both":
		return "answers can be logins and refreshes"
	default:
		return word
	}
}

func failureInWords(word string) string {
	switch word {
	case "pass":
		return "the client gets the original token"
	case "refuse":
		return "the client gets an error instead of a token"
	default:
		return word
	}
}

func gateInWords(word string) string {
	if word == "headers" {
		return "tokens in headers leave only if the sidecar accepts them"
	}
	return "tokens leave only if the sidecar accepts them"
}

// reasons shows how many tokens had each reason, the most frequent first.
func reasons(counts map[string]int64) h.Node {
	if len(counts) == 0 {
		return nil
	}
	total := int64(0)
	for _, n := range counts {
		total += n
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return h.Ul(h.Class("reasons"), h.Aria("label", "Tokens by reason"), h.Map(names, func(name string) h.Node {
		tone := "warn"
		if name == "ok" {
			tone = "good"
		}
		return h.Li(h.Code(h.Text(name)), bar(counts[name]*100/max(total, 1), tone), h.Span(h.Class("num"), h.Text(grouped(counts[name]))))
	}))
}
