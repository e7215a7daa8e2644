//go:build !race

package console_test

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var pictures = flag.String("screenshots", "", "write the pictures of docs/console.md to this directory, after two minutes of logins")

// TestScreenshots writes the pictures of docs/console.md.
func TestScreenshots(t *testing.T) {
	if *pictures == "" {
		t.Skip("it writes pictures, and only make screenshots runs it")
	}
	s := start(t, withToken)
	s.trickle(t)
	time.Sleep(110 * time.Second) // of figures
	b := newTab(t)
	console := s.Admin.URL("/")
	b.signIn(console)
	b.picture(console, "overview-light", 1280, nil)
	b.dark(true)
	b.picture(console, "overview-dark", 1280, nil)
	b.picture(console, "overview-narrow", 360, nil)
	b.dark(false)
	b.picture(console+"rules", "rules", 1100, nil)
	b.picture(console+"keys", "keys", 1100, nil)
	b.picture(console+"freshness", "freshness", 1100, nil)
	b.picture(console+"users", "users", 1100, func() {
		b.click("#values")
		b.fill("#user", users[0])
		b.press(kb.Enter)
		b.see("has a document")
	})
	b.picture(console+"tokens", "tokens", 1100, func() {
		b.fill("#jwt", s.login(t, users[0]))
		b.click("main form button")
		b.see("What the sidecar makes of it")
	})
	b.picture(console+"data", "review", 1100, func() {
		b.fill("#paths", " ")
		b.fill("#claim-name", "user_data")
		b.fill("#claim-max-size", "8KiB")
		b.click("[value=review]")
		b.see("The effect on the last")
	})
	b.picture(console+"data", "data", 1100, func() {
		b.click("button[value=sample]")
		b.see("looks like a credential")
		b.click("[name=embed][value=notes]")
		b.see("The draft changes")
	})
}

// picture opens a page, prepares it, and writes all of it to a file.
func (b *tab) picture(url, name string, width int64, prepare func()) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, 800))
	b.open(url)
	if b.eval("document.title") == "Page not found · tokengraft" {
		b.Errorf("%s: page not found", url)
		return
	}
	if prepare != nil {
		prepare()
	}
	b.eval(`document.activeElement.blur()`)
	// A picture of the whole page has the buttons at its end.
	b.eval(`document.querySelectorAll(".sticky").forEach(e => e.classList.remove("sticky"))`)
	content, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.Fatal(err)
	}
	content = smaller(b, content)
	if err := os.WriteFile(filepath.Join(*pictures, "console-"+name+".png"), content, 0o644); err != nil {
		b.Fatal(err)
	}
	b.Logf("%s: %d bytes", name, len(content))
}

// smaller writes a picture with its 256 most frequent colours.
func smaller(t testing.TB, content []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	size := full.Bounds()
	counts := map[color.RGBA]int{}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			counts[color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)]++
		}
	}
	palette := color.Palette{}
	for _, c := range byCount(counts) {
		if palette = append(palette, c); len(palette) == 256 {
			break
		}
	}
	small := image.NewPaletted(size, palette)
	nearest := map[color.RGBA]uint8{}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			c := color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)
			index, known := nearest[c]
			if !known {
				index = uint8(palette.Index(c))
				nearest[c] = index
			}
			small.SetColorIndex(x, y, index)
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func byCount(counts map[color.RGBA]int) []color.RGBA {
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	return all
}
