package console

import (
	"fmt"
	"slices"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// explained shows what is known of a user. If their id can be a number too, there are two
// answers.
func explained(user *adminapi.UserExplanation, q *request) []h.Node {
	parts := []h.Node{h.Section(h.Class("section"), h.Aria("labelledby", "found-title"),
		h.Div(h.Class("row"), h.H2(h.ID("found-title"), h.Text("The user")), foundPill(user.Found)),
		h.Div(h.Class("card"), facts(
			fact("In the log", h.Code(h.Text(user.User))),
			fact("Source", h.Code(h.Text(user.Source))),
			fact("Found by", h.Text("claim "), h.Code(h.Text(user.Claim)), h.Text(" = field "), h.Code(h.Text(user.Field)), h.Text(", type "+user.FieldType)),
		)))}
	for i, as := range user.As {
		parts = append(parts, explainedAs(fmt.Sprintf("as-%d", i+1), as, len(user.As) > 1, q))
	}
	return parts
}

func foundPill(found bool) h.Node {
	if found {
		return pill("good", "has a document")
	}
	return pill("warn", "has no document")
}

func explainedAs(id string, as adminapi.ExplainedUser, several bool, q *request) h.Node {
	title := "The document"
	if several {
		title = "The document, if the id in the token is a " + as.ClaimType
	}
	return section(id, title,
		h.If(as.Error != "", notice("bad", h.P(h.Text(as.Error)))),
		h.If(!as.Found, h.P(h.Class("card"), h.Text("No document belongs to this user. Their tokens stay as the backend issued them."))),
		nearMisses(as.NearMisses),
		h.Div(h.Class("cols"), sizesCard(id, as), cacheCard(id, as, q)),
		fieldTable(id, as.Fields),
		keptBack(id, as),
	)
}

func nearMisses(all []adminapi.NearMiss) h.Node {
	return h.Map(all, func(m adminapi.NearMiss) h.Node {
		return notice("warn", h.P(h.Text(m.Text)), h.If(m.Setting != "", h.Pre(h.Code(h.Text(m.Setting)))))
	})
}

func sizesCard(id string, as adminapi.ExplainedUser) h.Node {
	sizes := as.Token
	if as.Document != nil {
		sizes = append([]adminapi.Size{*as.Document}, sizes...)
	}
	if len(sizes) == 0 {
		return nil
	}
	return h.Div(h.Class("card"), h.H3(h.Text("Sizes")), h.Map(sizes, sizeMeter),
		h.If(as.Why != "", h.P(h.Class("help"), h.Text(as.Why))))
}

func sizeMeter(s adminapi.Size) h.Node {
	label := s.What
	if s.Setting != "" {
		label += " (" + s.Setting + ")"
	}
	return meter("", label, int64(s.Size), int64(s.Limit))
}

func cacheCard(id string, as adminapi.ExplainedUser, q *request) h.Node {
	if as.Cache == nil {
		return nil
	}
	pairs := [][2]h.Node{fact("State", pill(cacheTones[as.Cache.State], cacheInWords(as.Cache.State)))}
	if as.Cache.ReadAt != nil {
		pairs = append(pairs, fact("Read", ago(*as.Cache.ReadAt, q.now)))
	}
	if as.Cache.KeepUntil != nil {
		pairs = append(pairs, fact("Kept until", ago(*as.Cache.KeepUntil, q.now)))
	}
	if as.Cache.Bytes > 0 {
		pairs = append(pairs, fact("Memory", h.Text(size(as.Cache.Bytes))))
	}
	return h.Div(h.Class("card"), h.H3(h.Text("In the cache of this replica")), facts(pairs...))
}

var cacheTones = map[string]string{"fresh": "good", "none": "quiet", "no_document": "warn", "expired": "warn", "invalidated": "info"}

func cacheInWords(state string) string {
	switch state {
	case "none":
		return "not in the cache"
	case "no_document":
		return "known to have no document"
	default:
		return state
	}
}

func fieldTable(id string, fields []adminapi.ExplainedField) h.Node {
	if len(fields) == 0 {
		return nil
	}
	columns := []column{{"Field in the token", "code"}, {"Type", ""}, {"Bytes", "num"}}
	values := false
	for _, f := range fields {
		values = values || len(f.Value) > 0
	}
	if values {
		columns = append(columns, column{"Value", "grow"})
	}
	rows := [][]h.Node{}
	for _, f := range fields {
		row := []h.Node{h.Code(h.Text(f.Path)), h.Text(f.Type), h.Text(grouped(int64(f.Bytes)))}
		if values {
			row = append(row, h.Code(h.Text(string(f.Value))))
		}
		rows = append(rows, row)
	}
	return h.Div(h.Class("after"), table("The fields of the document in the token", columns, rows))
}

// keptBack shows the fields that are not in the token, and why.
func keptBack(id string, as adminapi.ExplainedUser) h.Node {
	rows := [][]h.Node{}
	bytes := map[string]int{}
	for _, f := range as.LeftOut {
		bytes[f.Path] = f.Bytes
		if slices.ContainsFunc(as.Credentials, func(s adminapi.ExplainedSecret) bool { return s.Path == f.Path }) {
			continue // its row says more
		}
		rows = append(rows, []h.Node{h.Code(h.Text(f.Path)), h.Code(h.Text(f.Why)), bytesOrUnknown(f.Bytes)})
	}
	for _, s := range as.Credentials {
		why := "it looks like a credential, and is in the token"
		if s.Dropped {
			why = "it looks like a credential"
		}
		rows = append(rows, []h.Node{h.Code(h.Text(s.Path)), h.Group{h.Text(why), h.If(s.Advice != "", h.Div(h.Class("next"), h.Text(s.Advice)))}, bytesOrUnknown(bytes[s.Path])})
	}
	if len(rows) == 0 {
		return nil
	}
	return h.Div(h.Class("after"), h.H3(h.ID(id+"-kept"), h.Text("Kept back, and credentials")), table("Fields that are kept back, or that look like a credential", []column{{"Field", "code"}, {"Why", "grow"}, {"Bytes", "num"}}, rows))
}

func bytesOrUnknown(n int) h.Node {
	if n == 0 {
		return h.Text("–")
	}
	return h.Text(grouped(int64(n)))
}
