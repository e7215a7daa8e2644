//go:build !race

package console_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// browser is the Chromium of all tests. It starts with the first of them.
var browser = sync.OnceValues(func() (context.Context, error) {
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		return nil, fmt.Errorf("Chromium is not installed, so the console is NOT TESTED in a browser. Run apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Flag("force-color-profile", "srgb"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	stopBrowser = func() { stop(); stopAllocator() }
	return ctx, chromedp.Run(ctx)
})

var stopBrowser = func() {}

// A tab is a page with its own cookies. The test fails if its page logs an error or breaks
// the Content-Security-Policy.
type tab struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
	allowed  []string
}

func newTab(t testing.TB) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	parent, err := browser()
	if parent == nil {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	b := &tab{TB: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	b.do(log.Enable(), chromedp.EmulateViewport(1280, 900))
	t.Cleanup(func() {
		b.check()
		stop()
		cancel()
	})
	return b
}

// listen keeps errors of the page, and what its policy forbids.
func (b *tab) listen(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			problem = fmt.Sprint(e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			problem = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if problem != "" {
		b.mu.Lock()
		b.problems = append(b.problems, problem)
		b.mu.Unlock()
	}
}

func (b *tab) check() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
problems:
	for _, problem := range b.problems {
		for _, text := range b.allowed {
			if strings.Contains(problem, text) {
				continue problems
			}
		}
		b.Errorf("Chromium logged: %s", problem)
	}
}

// allow says that the page may log a text.
func (b *tab) allow(text string) { b.allowed = append(b.allowed, text) }

func (b *tab) do(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

func (b *tab) open(url string) { b.Helper(); b.do(chromedp.Navigate(url)) }

// click clicks an element and, if it leads to another page, waits for it.
func (b *tab) click(selector string) {
	b.Helper()
	b.wait("document.querySelector(%q)", selector)
	b.eval("document.querySelector(%q).click()", selector)
}

// eval returns the value of an expression as text.
func (b *tab) eval(format string, args ...any) string {
	b.Helper()
	var value any
	b.do(chromedp.Evaluate(fmt.Sprintf(format, args...), &value))
	return fmt.Sprint(value)
}

// wait waits until an expression is true.
func (b *tab) wait(format string, args ...any) {
	b.Helper()
	expression := fmt.Sprintf(format, args...)
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		var holds bool
		// It fails while a page is replaced by the next one.
		if err := chromedp.Run(b.ctx, chromedp.Evaluate("document.readyState === 'complete' && !!("+expression+")", &holds)); err == nil && holds {
			return
		}
	}
	b.Fatalf("waited too long for %s. The page is\n%s", expression, b.text("body"))
}

// see waits for a text on the page.
func (b *tab) see(text string) {
	b.Helper()
	b.wait("document.body.innerText.includes(%q)", text)
}

func (b *tab) text(selector string) string {
	b.Helper()
	return b.eval("document.querySelector(%q)?.innerText", selector)
}

// fill writes into a field as a person does.
func (b *tab) fill(selector, text string) {
	b.Helper()
	b.do(chromedp.Focus(selector, chromedp.ByQuery), chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).select()", selector), nil), chromedp.KeyEvent(text))
}

// press presses keys, one after the other.
func (b *tab) press(keys ...string) {
	b.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// tabTo presses the tab key until an element has the focus.
func (b *tab) tabTo(selector string) {
	b.Helper()
	for range 80 {
		b.press("\t")
		if b.eval("document.activeElement.matches(%q)", selector) == "true" {
			return
		}
	}
	b.Fatalf("the tab key does not reach %s", selector)
}

func (b *tab) dark(on bool) {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// tree returns the accessibility tree of the page.
func (b *tab) tree() (nodes []*accessibility.Node) {
	b.Helper()
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		nodes, err = accessibility.GetFullAXTree().Do(ctx)
		return err
	}))
	return nodes
}

var _ cdp.Executor = (*chromedp.Target)(nil)

func TestMain(m *testing.M) { e2e.Main(m) }
