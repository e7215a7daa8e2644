package main

import (
	"fmt"
	"image/color"
	"regexp"
	"strings"
)

// The colours that plots are drawn with. They stand for classes of the style sheet, which
// has the colours that are seen.
var (
	colorInk   = color.RGBA{R: 1, A: 255}
	colorGrid  = color.RGBA{R: 2, A: 255}
	lineColors = []color.Color{color.RGBA{R: 3, A: 255}, color.RGBA{R: 4, A: 255}}
)

// scheme are the colours of pages: of text and axes, of the grid, and of lines. They are
// GitHub's. The light ones are legible on a dark page too, for viewers without media queries.
type scheme [4]string

var (
	light = scheme{"#6e7781", "#8c959f", "#0969da", "#bc4c00"}
	dark  = scheme{"#9198a1", "#6e7681", "#58a6ff", "#db6d28"}
)

// rules are the style sheet of a scheme: s1 colours the stroke with the first colour, f1
// fills with it.
func (s scheme) rules() string {
	var out strings.Builder
	for i, c := range s {
		fmt.Fprintf(&out, ".s%d{stroke:%s}.f%d{fill:%s}", i+1, c, i+1, c)
	}
	return out.String()
}

var (
	styleAttribute = regexp.MustCompile(`style="([^"]*)"`)
	placeholder    = regexp.MustCompile(`(fill|stroke):#0([1-4])0000;?`)
	whiteSpace     = regexp.MustCompile(`\n\s*`)
	transform      = regexp.MustCompile(`<svg width="[^"]*" height="[^"]*"`)
)

// forBothSchemes replaces the colours of a drawing by classes, whose colours follow the
// page: an img element does not inherit any.
func forBothSchemes(svg []byte) []byte {
	text := styleAttribute.ReplaceAllStringFunc(string(svg), func(attribute string) string {
		found := placeholder.FindStringSubmatch(attribute)
		if found == nil {
			return attribute
		}
		rest := strings.TrimSuffix(placeholder.ReplaceAllString(attribute, ""), `"`)
		return fmt.Sprintf(`class="%c%s" %s"`, found[1][0], found[2], strings.TrimSuffix(rest, ";"))
	})
	text = regexp.MustCompile(`font-family:[^;"]*`).ReplaceAllString(text, "font-family:sans-serif")
	text = regexp.MustCompile(`font-(weight|style|variant):normal;?`).ReplaceAllString(text, "")
	style := fmt.Sprintf("<style>.g{stroke-opacity:.35}%s@media(prefers-color-scheme:dark){%s}</style>\n", light.rules(), dark.rules())
	end := strings.Index(text, ">\n<g") // of the svg element
	if end < 0 {
		return []byte(text)
	}
	return []byte(text[:end+2] + style + text[end+2:])
}
