package console

import (
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func keysPage(body ...h.Node) *page {
	return &page{name: "keys", title: "Keys", lead: "With what tokens are verified and signed.", body: body}
}

func (c *console) keys(q *request) *page {
	all, err := c.Keys.Keys(q.Context())
	if err != nil {
		return keysPage(failed(err))
	}
	p := keysPage(c.result(q), c.mayNot(q, "keys"), ring(all, q.now), jwks(all.JWKS, q.now), c.keyForms(q, all))
	p.live = true
	return p
}

func ring(all adminapi.Keys, now time.Time) h.Node {
	if len(all.Keys) == 0 {
		return liveSection("ring", "Life cycle", empty("There are no keys yet."), h.If(all.Why != "", h.P(h.Text(all.Why))))
	}
	return liveSection("ring", "Life cycle",
		h.If(all.Why != "", h.P(h.Text(all.Why))),
		h.Div(h.Class("card"), h.Div(h.Class("wide"), h.TabIndex("0"), h.Role("region"), h.Aria("label", "Time line of the keys"), timeline(all.Keys, now)), timelineLegend()),
		h.Div(h.Class("after"), keyTable(all.Keys, now)),
	)
}

var keyTones = map[string]string{"active": "good", "next": "warn", "retired": "info", "backend": "quiet"}

func keyTable(keys []adminapi.Key, now time.Time) h.Node {
	rows := [][]h.Node{}
	for _, k := range keys {
		published := "no"
		if k.Published {
			published = "yes"
		}
		rows = append(rows, []h.Node{
			h.Code(h.Text(k.ID)), pill(keyTones[k.State], k.State), h.Text(k.Algorithm),
			instant(k.SignsFrom, now), instant(k.SignsUntil, now), instant(k.NeededUntil, now), h.Text(published),
		})
	}
	columns := []column{{"Key", "code"}, {"State", ""}, {"Algorithm", ""}, {"Signs from", ""}, {"Signs until", ""}, {"Needed until", ""}, {"Published", ""}}
	return table("The keys", columns, rows)
}

func instant(t *time.Time, now time.Time) h.Node {
	if t == nil {
		return h.Span(h.Class("quiet"), h.Text("–"))
	}
	return ago(*t, now)
}

func jwks(set adminapi.JWKS, now time.Time) h.Node {
	return liveSection("jwks", "The backend's key set", h.Div(h.Class("card"),
		h.If(set.Fault != "", h.P(h.Class("cause"), h.Text(set.Fault))),
		facts(
			fact("From", h.Code(h.Text(set.From))),
			fact("Last fetch", agoOf(set.Fetched, now)),
			fact("Next fetch", instant(set.FreshUntil, now)),
			fact("Published at", publishedAt(set.Paths)),
		),
	))
}

func publishedAt(paths []string) h.Node {
	if len(paths) == 0 {
		return h.Text("not by the sidecar")
	}
	return codeList(paths)
}

func (c *console) keyForms(q *request, all adminapi.Keys) h.Node {
	if all.Dir == "" {
		return nil
	}
	if all.ReadOnly != "" {
		return section("change", "Change", h.P(h.Class("notice info"), h.Text(all.ReadOnly)))
	}
	may := c.writes(q)
	retired := h.Group{}
	for i, k := range all.Keys {
		if k.State == "retired" {
			retired = append(retired, h.Div(checkbox("kid-"+itoa(i), "kid", k.ID, k.ID, h.If(!may, h.Disabled()))))
		}
	}
	return section("change", "Change", h.P(h.Class("quiet lead-in"), h.Text("Each button first shows what would happen.")), h.Div(h.Class("cols"),
		post("keys", "rotate", h.Class("card"),
			h.H3(h.Text("Rotate")), h.P(h.Class("help"), h.Text("Makes a new key. It signs when all clients can know it.")),
			checkbox("now", "now", "yes", "A key has leaked: the new key signs at once", h.If(!may, h.Disabled())),
			h.Div(q.button("primary", "Rotate…", may)),
		),
		post("keys", "prune", h.Class("card"),
			h.H3(h.Text("Prune")), h.P(h.Class("help"), h.Text("Deletes retired keys that no valid token needs, and the keys that you choose, of any age.")),
			retired,
			h.Div(q.button("", "Prune…", may)),
		),
	))
}

// changeKeys shows what a change would do, and makes it once it is confirmed.
func (c *console) changeKeys(q *request) *page {
	do, words := q.PostForm.Get("do"), "Rotate the keys"
	change := adminapi.KeyChange{DryRun: !q.confirmed(), Now: q.PostForm.Get("now") == "yes"}
	call := c.Keys.RotateKeys
	if do == "prune" {
		words, call, change.IDs = "Prune the keys", c.Keys.PruneKeys, q.PostForm["kid"]
	}
	if !c.writes(q) {
		return c.forbidden(q, keysPage())
	}
	changed, err := call(q.Context(), q.peer, change)
	switch {
	case err != nil:
		return keysPage(failed(err), back("keys", "Back to the keys"))
	case !change.DryRun:
		return c.done("keys", notice("good", h.P(h.Strong(h.Text("Done."))), list(changed.Steps), h.If(changed.Warning != "", h.P(h.Text(changed.Warning)))))
	}
	return &page{name: "keys", title: words, lead: "Nothing has changed yet.", body: []h.Node{h.Div(h.Class("card"), dryRun(changed), confirmKeys(do, words, change, changed))}}
}

func dryRun(changed adminapi.KeyChanged) h.Node {
	return h.Group{
		h.H2(h.Text("What would happen")),
		list(changed.Steps),
		h.If(len(changed.Steps) == 0, h.P(h.Text("Nothing. No key has to change."))),
		h.If(changed.Warning != "", h.P(h.Class("notice warn"), h.Text(changed.Warning))),
	}
}

func confirmKeys(do, words string, change adminapi.KeyChange, changed adminapi.KeyChanged) h.Node {
	if len(changed.Steps) == 0 {
		return back("keys", "Back to the keys")
	}
	class := "primary"
	if changed.Warning != "" {
		class = "danger"
	}
	return confirmation("keys", do, class, words,
		h.If(change.Now, hidden("now", "yes")),
		h.Map(change.IDs, func(id string) h.Node { return hidden("kid", id) }))
}

func list(items []string) h.Node {
	if len(items) == 0 {
		return nil
	}
	return h.Ul(h.Class("bullets"), h.Map(items, func(item string) h.Node { return h.Li(h.Text(item)) }))
}

func back(name, words string) h.Node { return h.P(h.A(h.Href("./"+name), h.Text(words))) }
