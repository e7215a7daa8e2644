package console

import (
	"net/http"
	"strings"

	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// session says who the peer is, and offers to sign in or out.
func (c *console) session(q *request, p *page) h.Node {
	switch {
	case q.peer.Writes:
		return h.Form(h.Method("post"), h.Action(up(q.URL.Path)+"session/end"), h.Span(h.Class("quiet"), h.Text("Admin")), h.Button(h.Class("plain"), h.Text("Sign out")))
	case !c.HasToken():
		return h.Span(h.Class("quiet"), h.Text("Read-only"))
	case p.name == "sign-in":
		return nil
	default:
		return h.A(h.Class("button"), h.Href(up(q.URL.Path)+"sign-in?to="+p.name), h.Text("Sign in"))
	}
}

// mayNot says why the peer cannot change anything, or nil if they can.
func (c *console) mayNot(q *request, p string) h.Node {
	reason := ""
	if c.ReadOnly != nil {
		reason = c.ReadOnly()
	}
	switch {
	case reason != "":
		return h.P(h.Class("notice info"), h.Text(reason))
	case q.peer.Writes:
		return nil
	case c.HasToken():
		return h.P(h.Class("notice info"), h.Text("You can look but not change anything. "), h.A(h.Href("sign-in?to="+p), h.Text("Sign in with the admin token")), h.Text(" to make changes."))
	default:
		return h.P(h.Class("notice info"), h.Text("The console is read-only, because no admin token is configured. Set "), h.Code(h.Text("admin_token")), h.Text(" in the configuration, and sign in with it here. Without a restart, it takes effect at the next reload."))
	}
}

func (c *console) signIn(q *request) *page {
	return &page{name: "sign-in", title: "Sign in", body: []h.Node{
		h.If(!c.HasToken(), howToSetToken()),
		h.If(c.HasToken(), signInForm("", PageNamed(q.Form.Get("to")), false)),
	}}
}

// PageNamed returns the name if it is that of a page, or "", which is the overview. So no
// form can make the console redirect to another site.
func PageNamed(name string) string {
	for _, v := range views {
		if v.name == name {
			return name
		}
	}
	return ""
}

func signInForm(up, to string, wrong bool) h.Node {
	return h.Form(h.Class("card sign-in"), h.Method("post"), h.Action(up+"session"),
		h.Label(h.For("token"), h.Text("Admin token")),
		h.P(h.ID("token-help"), h.Class("help"), h.Text("It is the value of "), h.Code(h.Text("admin_token")), h.Text(" in the configuration. The browser keeps only a session cookie.")),
		h.If(wrong, h.P(h.ID("token-fault"), h.Class("fault"), h.Role("alert"), h.Text("This is not the admin token."))),
		h.Input(h.Type("password"), h.ID("token"), h.Name("token"), h.AutoComplete("current-password"), h.Required(), h.AutoFocus(), h.Aria("describedby", "token-help")),
		h.Input(h.Type("hidden"), h.Name("to"), h.Value(to)),
		h.Button(h.Class("primary"), h.Text("Sign in")),
	)
}

func howToSetToken() h.Node {
	return notice("info",
		h.P(h.Text("No admin token is configured, so it is not possible to sign in. Write a line like this into the configuration, and set the variable to a long random text:")),
		h.Pre(h.Code(h.Text("admin_token: ${ADMIN_TOKEN}"))),
	)
}

// SignIn answers a request of a peer who may not read: a page with status 403 that asks for
// the admin token and nothing else. Wrong says that a token was sent that is not the admin
// token. The form is sent to POST session, as token and, for the page to show afterwards,
// to.
func SignIn(w http.ResponseWriter, r *http.Request, hasToken, wrong bool) {
	p := &page{name: "-", title: "Sign in", status: http.StatusForbidden}
	level := up(r.URL.Path)
	if hasToken {
		p.body = []h.Node{signInForm(level, PageNamed(strings.TrimPrefix(r.URL.Path, "/")), wrong)}
	} else {
		p.body = []h.Node{howToSetToken(), h.P(h.Text("Without it, the console is only for peers on loopback, at the address of the listener."))}
	}
	render(w, p.status, document(p, frame{up: level}))
}
