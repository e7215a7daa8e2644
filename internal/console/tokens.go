package console

import (
	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func (c *console) tokens(q *request) *page { return c.tokensPage(q, nil) }

// token shows what the sidecar makes of a token. The answer does not have the token.
func (c *console) token(q *request) *page {
	token := q.PostForm.Get("token")
	inspection, err := c.Users.InspectToken(q.Context(), q.peer, adminapi.InspectRequest{Token: token, Values: q.peer.Writes && q.PostForm.Get("values") == "yes"})
	if err != nil {
		return c.tokensPage(q, failed(err))
	}
	return c.tokensPage(q, inspected(inspection, q))
}

func (c *console) tokensPage(q *request, result h.Node) *page {
	return &page{name: "tokens", title: "Tokens", lead: "The claims of a token, and what the sidecar makes of it.", body: []h.Node{
		h.Div(h.Class("cols inspect"),
			post("tokens", "verify", h.Class("card"), h.Data("inplace", "result"),
				h.Label(h.For("jwt"), h.Text("Token")),
				h.Textarea(h.ID("jwt"), h.Class("code wrap"), h.Name("token"), h.Rows("9"), h.Required(), h.AutoComplete("off"), h.Attr("spellcheck", "false"), h.Aria("describedby", "jwt-help"), h.Data("decode", "decoded")),
				h.P(h.ID("jwt-help"), h.Class("help"), h.Text("It is decoded here in the browser. Verify sends it to the sidecar, which neither logs nor keeps it.")),
				h.Div(h.Class("actions"), h.Button(h.Class("primary"), h.Text("Verify")),
					checkbox("values", "values", "yes", "Show the values that the sidecar adds", h.If(!q.peer.Writes, h.Disabled()))),
			),
			h.Section(h.Class("card"), h.Aria("labelledby", "decoded-title"),
				h.H2(h.ID("decoded-title"), h.Text("Decoded in the browser")),
				h.Div(h.ID("decoded"), h.Aria("live", "polite"), h.P(h.Class("empty"), h.Text("Paste a token to see its header and claims. This needs JavaScript; Verify does not."))),
			),
		),
		h.Div(h.ID("inspection"), h.Data("live", "result"), result),
	}}
}

func inspected(i adminapi.Inspection, q *request) h.Node {
	return h.Group{
		section("verdict", "What the sidecar makes of it", h.Div(h.Class("cols"),
			h.Div(h.Class("card"),
				h.Div(h.Class("row"), verifiedPill(i), pill("quiet", i.Kind)),
				h.If(i.Cause != "", h.P(h.Class("cause"), h.Text(sentence(i.Cause)))),
				list(i.Hints),
				facts(inspectedFacts(i, q)...),
			),
			h.If(len(i.Sizes) > 0, h.Div(h.Class("card"), h.H3(h.Text("Size per place")), h.Map(i.Sizes, sizeMeter))),
		)),
		claims(i),
	}
}

func verifiedPill(i adminapi.Inspection) h.Node {
	if i.Verified {
		return pill("good", "verified")
	}
	return pill("bad", "not verified")
}

func inspectedFacts(i adminapi.Inspection, q *request) [][2]h.Node {
	restorable := "No. "
	if i.Restorable {
		restorable = "Yes. "
	}
	pairs := [][2]h.Node{}
	if i.Reason != "" {
		pairs = append(pairs, fact("Reason", h.Code(h.Text(i.Reason))))
	}
	if i.Key != "" {
		pairs = append(pairs, fact("Key", h.Text(i.Key)))
	}
	if i.KeyID != "" || i.Alg != "" {
		pairs = append(pairs, fact("kid, alg", h.Code(h.Text(i.KeyID)), h.Text(" "), h.Code(h.Text(i.Alg))))
	}
	if i.Expires != nil {
		words := "Expires"
		if i.Expires.Before(q.now) {
			words = "Expired"
		}
		pairs = append(pairs, fact(words, ago(*i.Expires, q.now)))
	}
	if i.Before > 0 || i.After > 0 {
		pairs = append(pairs, fact("Original", bytesOrNone(i.Before)), fact("Enriched", bytesOrNone(i.After)))
	}
	return append(pairs, fact("Restorable", h.Text(restorable+i.Restore)))
}

func bytesOrNone(n int) h.Node {
	if n == 0 {
		return h.Text("none")
	}
	return h.Text(grouped(int64(n)) + " bytes")
}

var changeSigns = map[string]string{"added": "+ added", "changed": "~ changed", "removed": "− removed", "same": "same"}

// claims shows the claims of the original and of the enriched token.
func claims(i adminapi.Inspection) h.Node {
	if len(i.Claims) == 0 {
		return nil
	}
	columns := []column{{"Claim", "code"}, {"Change", ""}, {"Before", "num"}, {"After", "num"}}
	values := false
	for _, claim := range i.Claims {
		values = values || len(claim.Value) > 0
	}
	if values {
		columns = append(columns, column{"Value", "grow"})
	}
	rows := [][]h.Node{}
	for _, claim := range i.Claims {
		tone := map[string]string{"added": "good", "changed": "warn", "removed": "bad"}[claim.Change]
		row := []h.Node{h.Code(h.Text(claim.Name)), pill(tone, changeSigns[claim.Change]), bytesOrUnknown(claim.Before), bytesOrUnknown(claim.After)}
		if values {
			row = append(row, h.Code(h.Text(string(claim.Value))))
		}
		rows = append(rows, row)
	}
	return section("claims", "Claims, in bytes", table("The claims before and after, in bytes", columns, rows))
}
