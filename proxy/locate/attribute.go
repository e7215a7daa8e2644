package locate

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

const htmlSpace = " \t\r\n\f"

// attributes returns the values of the attributes of a start tag that have one of the
// names. Of two attributes of the same name it returns the first. at is the index of
// the byte after the tag's name.
//
// The HTML tokenizer does not report the positions of attributes, so this function
// follows the same state machine (HTML, sections 13.2.5.32 to 13.2.5.39).
func attributes(tag string, at int, names ...string) map[string]span {
	c := cursor{tag, at}
	attrs := map[string]span{}
	for {
		c.skip(htmlSpace + "/")
		if c.done() {
			return attrs
		}
		name := strings.ToLower(c.name())
		value := c.value()
		if _, twice := attrs[name]; !twice && slices.Contains(names, name) {
			attrs[name] = value
		}
	}
}

// A cursor is a position in a start tag.
type cursor struct {
	tag string
	at  int
}

func (c *cursor) done() bool { return c.at >= len(c.tag) || c.tag[c.at] == '>' }

func (c *cursor) skip(chars string) {
	c.at = len(c.tag) - len(strings.TrimLeft(c.tag[c.at:], chars))
}

// until moves to the next character of chars, or to the end of the tag.
func (c *cursor) until(chars string) {
	if n := strings.IndexAny(c.tag[c.at:], chars); n >= 0 {
		c.at += n
	} else {
		c.at = len(c.tag)
	}
}

// name moves over the name of an attribute and returns it. The name may start with an
// equals sign.
func (c *cursor) name() string {
	start := c.at
	c.at++
	c.until(htmlSpace + "/>=")
	return c.tag[start:c.at]
}

// value moves over the value of an attribute and returns it, if there is one.
func (c *cursor) value() span {
	c.skip(htmlSpace)
	if c.done() || c.tag[c.at] != '=' {
		return span{}
	}
	c.at++
	c.skip(htmlSpace)
	if c.done() {
		return span{}
	}
	end := htmlSpace + ">"
	if quote := c.tag[c.at]; quote == '"' || quote == '\'' {
		c.at++
		end = string(quote)
	}
	start := c.at
	c.until(end)
	s := span{start, c.at, html.UnescapeString(c.tag[start:c.at])}
	if len(end) == 1 && !c.done() {
		c.at++ // the closing quote
	}
	return s
}
