package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	h "github.com/tokengraft/tokengraft/internal/console/html"
)

// A scale says where an instant is on the time line of keys.
type scale struct{ from, until, now time.Time }

// The box of the time line, in the units of its SVG.
const (
	lineWidth  = 900.0
	lineLeft   = 190.0
	lineRight  = 12.0
	lineRow    = 30.0
	lineBottom = 24.0
)

// newScale has room for what the keys do, and shows some time after now.
func newScale(keys []adminapi.Key, now time.Time) scale {
	s := scale{now.Add(-time.Hour), now.Add(time.Hour), now}
	for _, k := range keys {
		for _, t := range []*time.Time{k.Created, k.SignsFrom, k.SignsUntil, k.NeededUntil} {
			if t == nil || t.IsZero() {
				continue
			}
			if t.Before(s.from) {
				s.from = *t
			}
			if t.After(s.until) {
				s.until = *t
			}
		}
	}
	if rest := s.now.Sub(s.from) / 6; s.until.Sub(s.now) < rest {
		s.until = s.now.Add(rest)
	}
	return s
}

func (s scale) x(t time.Time) float64 {
	share := float64(t.Sub(s.from)) / float64(s.until.Sub(s.from))
	return lineLeft + (lineWidth-lineLeft-lineRight)*min(max(share, 0), 1)
}

// timeline draws a bar for each key: when it waits, signs and verifies.
func timeline(keys []adminapi.Key, now time.Time) h.Node {
	s := newScale(keys, now)
	height := lineRow*float64(len(keys)) + lineBottom
	return h.El("svg", h.Class("timeline"), h.Role("img"), h.Aria("label", keysInWords(keys, now)), h.Attr("viewBox", fmt.Sprintf("0 0 %g %g", lineWidth, height)),
		s.axis(height),
		h.Map(rowsOf(keys), func(r keyRow) h.Node { return s.row(r) }),
		h.El("path", h.Class("now"), h.Attr("d", fmt.Sprintf("M%.1f 0V%g", s.x(now), height-lineBottom+4))),
	)
}

type keyRow struct {
	adminapi.Key
	y float64
}

func rowsOf(keys []adminapi.Key) []keyRow {
	rows := make([]keyRow, len(keys))
	for i, k := range keys {
		rows[i] = keyRow{k, float64(i) * lineRow}
	}
	return rows
}

// axis writes a few instants below the bars.
func (s scale) axis(height float64) h.Node {
	const parts = 5
	nodes := h.Group{}
	nowAt := s.x(s.now)
	for i := range parts + 1 {
		t := s.from.Add(s.until.Sub(s.from) * time.Duration(i) / parts)
		x, anchor := s.x(t), "middle"
		switch i {
		case 0:
			anchor = "start"
		case parts:
			anchor = "end"
		}
		nodes = append(nodes, h.El("path", h.Class("grid"), h.Attr("d", fmt.Sprintf("M%.1f 0V%g", x, height-lineBottom))))
		if x < nowAt-60 || x > nowAt+60 {
			class := "quiet"
			if i > 0 && i < parts {
				class += " mid" // left out in narrow windows
			}
			nodes = append(nodes, s.text(class, anchor, x, height-6, relative(t.Sub(s.now))))
		}
	}
	return append(nodes, s.text("", "middle", nowAt, height-6, "now"))
}

func (s scale) text(class, anchor string, x, y float64, words string) h.Node {
	return h.El("text", classOf(class), h.Attr("text-anchor", anchor), h.Attr("x", fmt.Sprintf("%.1f", x)), h.Attr("y", fmt.Sprintf("%.1f", y)), h.Text(words))
}

func relative(d time.Duration) string {
	if d < 0 {
		return "−" + span(d)
	}
	return "+" + span(d)
}

func (s scale) row(r keyRow) h.Node {
	return h.Group{
		s.text("id", "start", 0, r.y+19, shortID(r.ID)),
		s.text("quiet", "end", lineLeft-10, r.y+19, r.State),
		h.Map(s.bars(r.Key), func(b keyBar) h.Node {
			return h.El("rect", h.Class(b.class), h.Attr("rx", "3"), h.Attr("x", fmt.Sprintf("%.1f", b.from)), h.Attr("width", fmt.Sprintf("%.1f", max(b.until-b.from, 2))),
				h.Attr("y", fmt.Sprint(r.y+7)), h.Attr("height", "16"))
		}),
	}
}

// A keyBar is a bar from one place to another.
type keyBar struct {
	class       string
	from, until float64
}

// bars are the times of a key. A time that is not known reaches to the end of the line.
func (s scale) bars(k adminapi.Key) (bars []keyBar) {
	at := func(t *time.Time, otherwise time.Time) float64 {
		if t == nil || t.IsZero() {
			t = &otherwise
		}
		return s.x(*t)
	}
	if k.State == "backend" {
		return []keyBar{{"foreign", at(k.Created, s.from), s.x(s.until)}}
	}
	signs := at(k.SignsFrom, s.from)
	if k.State == "next" && k.SignsFrom == nil {
		signs = s.x(s.until)
	}
	if created := at(k.Created, s.from); k.Created != nil && created < signs {
		bars = append(bars, keyBar{"waits", created, signs})
	}
	ends := at(k.SignsUntil, s.until)
	if k.State == "retired" && k.SignsUntil == nil {
		ends = signs
	}
	if ends > signs {
		bars = append(bars, keyBar{"signs", signs, ends})
	}
	if needed := at(k.NeededUntil, s.until); k.SignsUntil != nil && needed > ends {
		bars = append(bars, keyBar{"verifies", ends, needed})
	}
	return bars
}

// shortID is what fits in front of a bar. The table has the whole id.
func shortID(id string) string {
	const longest = 14
	if len(id) <= longest {
		return id
	}
	return id[:longest-1] + "…"
}

func keysInWords(keys []adminapi.Key, now time.Time) string {
	words := []string{}
	for _, k := range keys {
		text := k.ID + ": " + k.State
		if k.SignsFrom != nil {
			text += ", signs from " + relative(k.SignsFrom.Sub(now))
		}
		if k.NeededUntil != nil {
			text += ", needed until " + relative(k.NeededUntil.Sub(now))
		}
		words = append(words, text)
	}
	return "Time line of the keys. " + strings.Join(words, ". ")
}

func timelineLegend() h.Node {
	entry := func(class, words string) h.Node {
		return h.Li(h.Span(h.Class(class), h.Aria("hidden", "true")), h.Text(words))
	}
	return h.Ul(h.Class("key-legend"), entry("waits", "published, does not sign yet"), entry("signs", "signs"), entry("verifies", "only verifies, until its last token expires"), entry("foreign", "of the backend"))
}
