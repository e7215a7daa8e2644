// Package html makes the HTML of the console. Its functions are those of gomponents, which
// escapes texts and values of attributes, but they are not inlined: gomponents makes each
// element a closure, and the compiler would write it again at each of a thousand places,
// which is a megabyte of program.
package html

import (
	g "maragu.dev/gomponents"
	"maragu.dev/gomponents/html"
)

// A Node is an element, an attribute or text.
type Node = g.Node

// A Group is several nodes instead of one.
type Group = g.Group

// El returns an element with its attributes and children.
//
//go:noinline
func El(name string, children ...Node) Node { return g.El(name, children...) }

// Attr returns an attribute. Without a value it is one that is there or not.
//
//go:noinline
func Attr(name string, value ...string) Node { return g.Attr(name, value...) }

// Text returns text, which is escaped.
//
//go:noinline
func Text(text string) Node { return g.Text(text) }

// If returns the node if the condition holds, else nothing.
func If(condition bool, node Node) Node { return g.If(condition, node) }

// Iff is If for a node that cannot be made unless the condition holds.
func Iff(condition bool, node func() Node) Node { return g.Iff(condition, node) }

// Map returns a node for each value.
func Map[T any](values []T, node func(T) Node) Group { return g.Map(values, node) }

// Doctype returns a document.
func Doctype(document Node) Node { return html.Doctype(document) }

// Data returns an attribute of the page's script.
func Data(name, value string) Node { return Attr("data-"+name, value) }

// Aria returns an attribute for assistive technologies.
func Aria(name, value string) Node { return Attr("aria-"+name, value) }

// The elements.
func A(children ...Node) Node        { return El("a", children...) }
func Article(children ...Node) Node  { return El("article", children...) }
func Body(children ...Node) Node     { return El("body", children...) }
func Button(children ...Node) Node   { return El("button", children...) }
func Caption(children ...Node) Node  { return El("caption", children...) }
func Code(children ...Node) Node     { return El("code", children...) }
func Dd(children ...Node) Node       { return El("dd", children...) }
func Del(children ...Node) Node      { return El("del", children...) }
func Details(children ...Node) Node  { return El("details", children...) }
func Div(children ...Node) Node      { return El("div", children...) }
func Dl(children ...Node) Node       { return El("dl", children...) }
func Dt(children ...Node) Node       { return El("dt", children...) }
func FieldSet(children ...Node) Node { return El("fieldset", children...) }
func Footer(children ...Node) Node   { return El("footer", children...) }
func Form(children ...Node) Node     { return El("form", children...) }
func H1(children ...Node) Node       { return El("h1", children...) }
func H2(children ...Node) Node       { return El("h2", children...) }
func H3(children ...Node) Node       { return El("h3", children...) }
func HTML(children ...Node) Node     { return El("html", children...) }
func Head(children ...Node) Node     { return El("head", children...) }
func Header(children ...Node) Node   { return El("header", children...) }
func Input(children ...Node) Node    { return El("input", children...) }
func Ins(children ...Node) Node      { return El("ins", children...) }
func Label(children ...Node) Node    { return El("label", children...) }
func Legend(children ...Node) Node   { return El("legend", children...) }
func Li(children ...Node) Node       { return El("li", children...) }
func Link(children ...Node) Node     { return El("link", children...) }
func Main(children ...Node) Node     { return El("main", children...) }
func Meta(children ...Node) Node     { return El("meta", children...) }
func Nav(children ...Node) Node      { return El("nav", children...) }
func Option(children ...Node) Node   { return El("option", children...) }
func P(children ...Node) Node        { return El("p", children...) }
func Pre(children ...Node) Node      { return El("pre", children...) }
func Script(children ...Node) Node   { return El("script", children...) }
func Section(children ...Node) Node  { return El("section", children...) }
func Select(children ...Node) Node   { return El("select", children...) }
func Span(children ...Node) Node     { return El("span", children...) }
func Strong(children ...Node) Node   { return El("strong", children...) }
func Summary(children ...Node) Node  { return El("summary", children...) }
func TBody(children ...Node) Node    { return El("tbody", children...) }
func THead(children ...Node) Node    { return El("thead", children...) }
func Table(children ...Node) Node    { return El("table", children...) }
func Td(children ...Node) Node       { return El("td", children...) }
func Textarea(children ...Node) Node { return El("textarea", children...) }
func Th(children ...Node) Node       { return El("th", children...) }
func Time(children ...Node) Node     { return El("time", children...) }
func TitleEl(children ...Node) Node  { return El("title", children...) }
func Tr(children ...Node) Node       { return El("tr", children...) }
func Ul(children ...Node) Node       { return El("ul", children...) }

// The attributes with a value.
func Action(value string) Node       { return Attr("action", value) }
func AutoComplete(value string) Node { return Attr("autocomplete", value) }
func Charset(value string) Node      { return Attr("charset", value) }
func Class(value string) Node        { return Attr("class", value) }
func Content(value string) Node      { return Attr("content", value) }
func DateTime(value string) Node     { return Attr("datetime", value) }
func For(value string) Node          { return Attr("for", value) }
func Href(value string) Node         { return Attr("href", value) }
func ID(value string) Node           { return Attr("id", value) }
func Lang(value string) Node         { return Attr("lang", value) }
func Method(value string) Node       { return Attr("method", value) }
func Name(value string) Node         { return Attr("name", value) }
func Rel(value string) Node          { return Attr("rel", value) }
func Role(value string) Node         { return Attr("role", value) }
func Rows(value string) Node         { return Attr("rows", value) }
func Scope(value string) Node        { return Attr("scope", value) }
func Src(value string) Node          { return Attr("src", value) }
func TabIndex(value string) Node     { return Attr("tabindex", value) }
func Title(value string) Node        { return Attr("title", value) }
func Type(value string) Node         { return Attr("type", value) }
func Value(value string) Node        { return Attr("value", value) }

// The attributes without a value.
func AutoFocus() Node { return Attr("autofocus") }
func Checked() Node   { return Attr("checked") }
func Defer() Node     { return Attr("defer") }
func Disabled() Node  { return Attr("disabled") }
func Required() Node  { return Attr("required") }
func Selected() Node  { return Attr("selected") }
