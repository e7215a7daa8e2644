package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
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
	body     []h.Node
}

// redirected returns the redirect to a page. The link is relative.
func redirected(link string) *page { return &page{redirect: link} }

// refusal is a page that only says what is wrong.
func refusal(status int, title, text string) *page {
	return &page{name: "-", title: title, status: status, body: []h.Node{h.P(h.Text(text))}}
}

func notFound(*request) *page {
	return &page{name: "-", title: "Page not found", status: http.StatusNotFound, body: []h.Node{
		h.P(h.A(h.Href("./"), h.Text("Go to the overview"))),
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
	session  h.Node
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

func document(p *page, f frame) h.Node {
	return h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")),
			h.TitleEl(h.Text(p.title+" · tokengraft")),
			h.Link(h.Rel("icon"), h.Href(f.up+icon.link)),
			h.Link(h.Rel("stylesheet"), h.Href(f.up+style.link)),
			h.Script(h.Src(f.up+script.link), h.Defer()),
		),
		h.Body(
			h.A(h.Class("skip"), h.Href("#main"), h.Text("Skip to the content")),
			head(p, f),
			h.Main(h.ID("main"), h.TabIndex("-1"), h.If(p.live, h.Data("refresh", "5")),
				h.Div(h.Class("title"),
					h.Div(h.H1(h.Text(p.title)), h.If(p.lead != "", h.P(h.Class("lead"), h.Text(p.lead)))),
					h.If(p.live, refresher(p)),
				),
				h.Group(p.body),
			),
			foot(f),
		),
	))
}

func refresher(p *page) h.Node {
	return h.P(h.Class("refresh"),
		h.Span(h.ID("connection"), h.Role("status")),
		h.A(h.Href("./"+p.name), h.ID("refresh"), h.Text("Refresh")),
	)
}

func head(p *page, f frame) h.Node {
	return h.Header(h.Class("top"),
		h.Div(h.Class("bar"),
			h.A(h.Class("brand"), h.Href(f.up+"./"), mark(), h.Text("tokengraft")),
			h.Iff(f.overview != nil, func() h.Node {
				return h.Div(h.Class("pills"), h.ID("state"), h.Data("live", ""), modePill(f.overview.Mode), statusPill(f.overview.Health.Status))
			}),
			h.Div(h.Class("session"), f.session),
		),
		h.Iff(f.overview != nil, func() h.Node { return navigation(p, f) }),
	)
}

func navigation(p *page, f frame) h.Node {
	return h.Nav(h.Aria("label", "Views"), h.Ul(h.Map(f.views, func(v view) h.Node {
		return h.Li(h.A(h.Href(f.up+"./"+v.name), h.If(v.name == p.name, h.Aria("current", "page")), h.Text(v.label)))
	})))
}

func foot(f frame) h.Node {
	if f.overview == nil {
		return nil
	}
	return h.Footer(
		h.P(h.Text("tokengraft "+f.overview.Version+", started "), since(f.overview.Started, f.now), h.Text(" ago")),
		h.P(h.A(h.Href(f.up+"api/openapi.json"), h.Text("API")), h.Text(" · "), h.A(h.Href(f.up+"metrics"), h.Text("Metrics")), h.Text(" · "), h.A(h.Href(f.up+"readyz"), h.Text("Readiness"))),
	)
}

// mark is the sign of the program: a token with a graft.
func mark() h.Node {
	return h.El("svg", h.Class("mark"), h.Attr("viewBox", "0 0 20 20"), h.Aria("hidden", "true"),
		h.El("rect", h.Attr("x", "1"), h.Attr("y", "6"), h.Attr("width", "12"), h.Attr("height", "8"), h.Attr("rx", "2")),
		h.El("rect", h.Class("graft"), h.Attr("x", "11"), h.Attr("y", "3"), h.Attr("width", "8"), h.Attr("height", "14"), h.Attr("rx", "2")),
	)
}
