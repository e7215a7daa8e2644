//go:build !race

package console_test

import (
	"slices"
	"strings"
)

// controls and pictures are roles that must have a name.
var named = []string{"button", "link", "textbox", "checkbox", "radio", "combobox", "image", "img", "table", "region", "navigation", "heading", "dialog"}

// checkAccessible checks the page: names in the tree that assistive programs read, landmarks,
// the contrast of all texts, and that nothing is wider than the window.
func (b *tab) checkAccessible(page string) {
	b.Helper()
	found := map[string]int{}
	for _, node := range b.tree() {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(string(node.Role.Value), `"`)
		found[role]++
		if slices.Contains(named, role) && (node.Name == nil || strings.Trim(string(node.Name.Value), `" `) == "") {
			b.Errorf("%s: a %s has no name", page, role)
		}
	}
	for _, landmark := range []string{"main", "banner", "navigation", "contentinfo", "heading"} {
		if found[landmark] == 0 {
			b.Errorf("%s: the accessibility tree has no %s, only %v", page, landmark, found)
		}
	}
	if faint := b.eval(faintTexts); faint != "" {
		b.Errorf("%s: texts with too little contrast: %s", page, faint)
	}
	if wide := b.eval(`document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.tagName + "." + e.className).join(" ") || "?" : ""`); wide != "" {
		b.Errorf("%s: the page scrolls to the side, because of %s", page, wide)
	}
}

// faintTexts lists texts whose contrast is below 4.5, or 3 for large ones (WCAG 2.2, 1.4.3).
const faintTexts = `(() => {
  const parse = (c) => { const [r, g, b, a = 1] = c.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const background = (e) => {
    const layers = [];
    for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] === 1) break; }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement, style = getComputedStyle(e);
    if (!n.data.trim() || e.closest("[disabled], .hide, .skip") || !e.getClientRects().length || style.visibility === "hidden") continue;
    const below = background(e), colour = over(parse(e.ownerSVGElement ? style.fill : style.color), below);
    const [a, b] = [light(colour), light(below)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.add(e.tagName + "." + e.getAttribute("class") + " " + n.data.trim().slice(0, 30) + " " + ratio.toFixed(2));
  }
  return [...faint].join("; ");
})()`
