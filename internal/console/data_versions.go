package console

import (
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// versions lists what was deployed, with a button to go back.
func (c *console) versions(q *request, now adminapi.Config) h.Node {
	if len(now.Versions) == 0 {
		return section("versions", "Versions", empty("Nothing has been deployed here yet. The last ten versions will be kept, to roll back to."))
	}
	rows := [][]h.Node{}
	for _, v := range now.Versions {
		action := post("data", "rollback", hidden("to", v.ID), q.button("small", "Roll back…", c.writes(q) && now.ReadOnly == ""))
		if v.Current {
			action = pill("good", "current")
		}
		rows = append(rows, []h.Node{ago(v.Time, q.now), changedSettings(v), h.Code(h.Text(shortID(v.Revision))), action})
	}
	return section("versions", "Versions", table("The last versions of the file", []column{{"When", ""}, {"Changed", "grow"}, {"Revision", ""}, {"Action", "num"}}, rows))
}

func changedSettings(v adminapi.Version) h.Node {
	if len(v.Changed) == 0 {
		return h.Span(h.Class("quiet"), h.Text("–"))
	}
	return codeList(v.Changed)
}

// rollBack makes an earlier version the configuration, once that is confirmed.
func (c *console) rollBack(q *request, now adminapi.Config) *page {
	if !c.writes(q) {
		return c.forbidden(q, dataPage())
	}
	to := q.PostForm.Get("to")
	if !q.confirmed() {
		return &page{name: "data", title: "Roll back", lead: "Nothing has changed yet.", body: []h.Node{h.Div(h.Class("card"),
			h.P(h.Text("The file becomes the version "), versionInWords(now.Versions, to, q.now), h.Text(", and the sidecar reloads it. The current version stays in the list.")),
			confirmation("data", "rollback", "primary", "Roll back", hidden("to", to)))}}
	}
	deployed, err := c.Configuration.RollBack(q.Context(), q.peer, adminapi.Rollback{To: to})
	if err != nil {
		return dataPage(failed(err), back("data", "Back to custom user data"))
	}
	return c.done("data", deployment("Rolled back.", deployed))
}

func versionInWords(all []adminapi.Version, id string, now time.Time) h.Node {
	for _, v := range all {
		if v.ID == id {
			return h.Group{h.Text("from "), ago(v.Time, now), h.Text(" (revision "), h.Code(h.Text(shortID(v.Revision))), h.Text(")")}
		}
	}
	return h.Code(h.Text(id))
}
