package console

import (
	"net/http"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// A page is what a view shows, without the frame around it.
type page struct {
	name     string // in links, such as rules; empty for the overview
	title    string
	lead     string             // one sentence below the title
	status   int                // of HTTP; 0 is 200
	live     bool               // whether the script refreshes it
	redirect string             // to another page instead
	overview *adminapi.Overview // if the page has it already
	body     []g.Node
}

// redirected returns the redirect to a page. The link is relative.
func redirected(link string) *page { return &page{redirect: link} }

// refusal is a page that only says what is wrong.
func refusal(status int, title, text string) *page {
	return &page{name: "-", title: title, status: status, body: []g.Node{h.P(g.Text(text))}}
}

func notFound(*request) *page {
	return &page{name: "-", title: "There is no such page", status: http.StatusNotFound, body: []g.Node{
		h.P(h.A(h.Href("./"), g.Text("Go to the overview"))),
	}}
}

// A view is a page in the navigation.
type view struct{ name, label string }

// viewsOf returns the views whose parts there are.
func viewsOf(o Options) (all []view) {
	for _, v := range views {
		missing := v.name == "keys" && o.Keys == nil || (v.name == "users" || v.name == "tokens") && o.Users == nil || v.name == "data" && o.Configuration == nil
		if !missing {
			all = append(all, v)
		}
	}
	return all
}

var views = []view{
	{"", "Overview"}, {"rules", "Rules"}, {"keys", "Keys"}, {"users", "Users"},
	{"tokens", "Tokens"}, {"data", "Custom data"}, {"freshness", "Freshness"},
}

// A frame is what surrounds a page.
type frame struct {
	up       string // the way to the level of the pages, "" or ../…
	overview *adminapi.Overview
	views    []view
	session  g.Node
	now      time.Time
}

func (c *console) frameOf(q *request, p *page) frame {
	f := frame{overview: p.overview, views: viewsOf(c.Options), session: c.session(q, p), now: q.now, up: up(q.URL.Path)}
	if f.overview == nil {
		overview := c.Monitor.Overview(q.Context())
		f.overview = &overview
	}
	return f
}

// up returns the relative way from a path to the level of the pages.
func up(path string) string { return strings.Repeat("../", max(strings.Count(path, "/")-1, 0)) }

func document(p *page, f frame) g.Node {
	return h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")),
			h.TitleEl(g.Text(p.title+" · tokengraft")),
			h.Link(h.Rel("icon"), h.Href(f.up+icon.link)),
			h.Link(h.Rel("stylesheet"), h.Href(f.up+style.link)),
			h.Script(h.Src(f.up+script.link), h.Defer()),
		),
		h.Body(
			h.A(h.Class("skip"), h.Href("#main"), g.Text("Skip to the content")),
			head(p, f),
			h.Main(h.ID("main"), h.TabIndex("-1"), g.If(p.live, h.Data("refresh", "5")),
				h.Div(h.Class("title"),
					h.Div(h.H1(g.Text(p.title)), g.If(p.lead != "", h.P(h.Class("lead"), g.Text(p.lead)))),
					g.If(p.live, refresher(p)),
				),
				g.Group(p.body),
			),
			foot(f),
		),
	))
}

func refresher(p *page) g.Node {
	return h.P(h.Class("refresh"),
		h.Span(h.ID("connection"), h.Role("status")),
		h.A(h.Href("./"+p.name), h.ID("refresh"), g.Text("Refresh")),
	)
}

func head(p *page, f frame) g.Node {
	return h.Header(h.Class("top"),
		h.Div(h.Class("bar"),
			h.A(h.Class("brand"), h.Href(f.up+"./"), mark(), g.Text("tokengraft")),
			g.Iff(f.overview != nil, func() g.Node {
				return h.Div(h.Class("pills"), h.ID("state"), h.Data("live", ""), modePill(f.overview.Mode), statusPill(f.overview.Health.Status))
			}),
			h.Div(h.Class("session"), f.session),
		),
		g.Iff(f.overview != nil, func() g.Node { return navigation(p, f) }),
	)
}

func navigation(p *page, f frame) g.Node {
	return h.Nav(h.Aria("label", "Views"), h.Ul(g.Map(f.views, func(v view) g.Node {
		return h.Li(h.A(h.Href(f.up+"./"+v.name), g.If(v.name == p.name, h.Aria("current", "page")), g.Text(v.label)))
	})))
}

func foot(f frame) g.Node {
	if f.overview == nil {
		return nil
	}
	return h.Footer(
		h.P(g.Text("tokengraft "+f.overview.Version+", started "), since(f.overview.Started, f.now), g.Text(" ago")),
		h.P(h.A(h.Href(f.up+"api/openapi.json"), g.Text("API")), g.Text(" · "), h.A(h.Href(f.up+"metrics"), g.Text("Metrics")), g.Text(" · "), h.A(h.Href(f.up+"readyz"), g.Text("Readiness"))),
	)
}

// mark is the sign of the program: a token with a graft.
func mark() g.Node {
	return g.El("svg", h.Class("mark"), g.Attr("viewBox", "0 0 20 20"), h.Aria("hidden", "true"),
		g.El("rect", g.Attr("x", "1"), g.Attr("y", "6"), g.Attr("width", "12"), g.Attr("height", "8"), g.Attr("rx", "2")),
		g.El("rect", h.Class("graft"), g.Attr("x", "11"), g.Attr("y", "3"), g.Attr("width", "8"), g.Attr("height", "14"), g.Attr("rx", "2")),
	)
}
