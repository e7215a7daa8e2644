package console

import (
	"net/http"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

func usersPage(body ...h.Node) *page {
	return &page{name: "users", title: "Users", lead: "Which document belongs to a user, and what is in their tokens.", body: body}
}

func (c *console) users(q *request) *page {
	return usersPage(c.result(q), c.mayNot(q, "users"), c.userForm(q, adminapi.UserQuery{}))
}

// userForm asks for a user. It is a POST, so that the id is in no address, log or history.
func (c *console) userForm(q *request, asked adminapi.UserQuery) h.Node {
	return post("users", "explain", h.Class("card"), h.AutoComplete("off"),
		h.Div(h.Class("fields"),
			h.Div(h.Label(h.For("user"), h.Text("User id")), h.Input(h.ID("user"), h.Name("user_id"), h.Value(asked.UserID), h.Required(), h.AutoComplete("off"), h.Attr("spellcheck", "false"), h.Aria("describedby", "user-help")),
				h.P(h.ID("user-help"), h.Class("help"), h.Text("As it is in the token. The look-up is logged with a hash of the id."))),
			h.Div(h.Label(h.For("issuer"), h.Text("Issuer (optional)")), h.Input(h.ID("issuer"), h.Name("issuer"), h.Value(asked.Issuer), h.AutoComplete("off"), h.Attr("spellcheck", "false"), h.Aria("describedby", "issuer-help")),
				h.P(h.ID("issuer-help"), h.Class("help"), h.Text("Only needed if several issuers are configured."))),
		),
		h.Div(h.Class("actions"), h.Button(h.Class("primary"), h.Text("Look up")),
			checkbox("values", "values", "yes", "Show the values of the fields", h.If(!q.peer.Writes, h.Disabled()), h.If(asked.Values, h.Checked()))),
	)
}

func (q *request) userQuery() adminapi.UserQuery {
	return adminapi.UserQuery{UserID: q.PostForm.Get("user_id"), Issuer: q.PostForm.Get("issuer"), Values: q.peer.Writes && q.PostForm.Get("values") == "yes"}
}

// user explains a user, or forgets them once that is confirmed.
func (c *console) user(q *request) *page {
	asked := q.userQuery()
	if q.PostForm.Get("do") == "forget" {
		return c.forget(q, asked)
	}
	user, err := c.Users.ExplainUser(q.Context(), q.peer, asked)
	if err != nil {
		p := usersPage(c.mayNot(q, "users"), c.userForm(q, asked), failed(err))
		p.status = http.StatusOK
		return p
	}
	body := []h.Node{c.mayNot(q, "users"), c.userForm(q, asked), h.Div(h.ID("user-result"), h.Group(explained(user, q)), c.forgetForm(q, asked))}
	return usersPage(body...)
}

func (c *console) forgetForm(q *request, asked adminapi.UserQuery) h.Node {
	return section("forget", "Forget", post("users", "forget", h.Class("card"),
		h.P(h.Text("Removes the user from the cache of this replica. Their next token has the document as it is then.")),
		hidden("user_id", asked.UserID), hidden("issuer", asked.Issuer),
		h.Div(q.button("", "Forget…", c.writes(q)))))
}

func (c *console) forget(q *request, asked adminapi.UserQuery) *page {
	if !c.writes(q) {
		return c.forbidden(q, usersPage())
	}
	if !q.confirmed() {
		return &page{name: "users", title: "Forget a user", lead: "Nothing has changed yet.", body: []h.Node{h.Div(h.Class("card"),
			h.P(h.Text("The cache of this replica forgets the user. Tokens that they have stay valid.")),
			confirmation("users", "forget", "primary", "Forget", hidden("user_id", asked.UserID), hidden("issuer", asked.Issuer)))}}
	}
	forgotten, err := c.Users.ForgetUser(q.Context(), q.peer, asked)
	if err != nil {
		return usersPage(failed(err), back("users", "Back to users"))
	}
	return c.done("users", notice("good", h.P(h.Text("The user was forgotten. The log names them "), h.Code(h.Text(forgotten.User)), h.Text(".")), h.If(forgotten.Note != "", h.P(h.Text(forgotten.Note)))))
}
