//go:build !race

package console_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
		return nil, errors.New("Chromium is not installed, so the console is NOT TESTED in a browser. Run apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.Flag("force-color-profile", "srgb"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	stopBrowser = func() { stop(); stopAllocator() }
	return ctx, chromedp.Do(ctx)
})

var stopBrowser = func() {}

// A tab is a page with its own cookies. The test fails if its page logs an error or breaks
// the Content-Security-Policy.
type tab struct {
	testing.TB
	ctx     context.Context
	started atomic.Bool

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
	b := &tab{TB: t}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.listen))
	b.ctx = ctx
	// Each tab behaves as the one that has the focus, because tests run at the same time.
	b.do(command(log.Enable, cdp.Empty{}), command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}), chromedp.EmulateViewport(1280, 900))
	t.Cleanup(func() {
		b.check()
		cancel()
	})
	return b
}

// listen keeps errors of the page, and what its policy forbids.
func (b *tab) listen(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = e.ExceptionDetails.Text + " " + e.ExceptionDetails.Exception.Description
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			problem = fmt.Sprint(e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
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

// command is a command of the protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// longest is how long one step may take.
const longest = 20 * time.Second

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.ctx, longest)
	defer stop()
	if b.started.CompareAndSwap(false, true) {
		ctx = b.ctx // a timeout of the first call would stop the tab
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
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
	// A statement has no value, and an expression has any.
	expression := "String((" + fmt.Sprintf(format, args...) + ") ?? '')"
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// wait waits until an expression is true.
func (b *tab) wait(format string, args ...any) {
	b.Helper()
	expression := fmt.Sprintf(format, args...)
	for start := time.Now(); time.Since(start) < longest; time.Sleep(20 * time.Millisecond) {
		// It fails while a page is replaced by the next one.
		holds, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && !!("+expression+")"))
		if err == nil && holds {
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
	b.wait("document.querySelector(%q)", selector)
	b.eval("(document.querySelector(%q).focus(), document.querySelector(%q).select())", selector, selector)
	b.do(chromedp.KeyEvent(text))
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
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}))
}

// tree returns the accessibility tree of the page.
func (b *tab) tree() (nodes []*accessibility.Node) {
	b.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		result, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		nodes = result.Nodes
		return err
	}))
	return nodes
}

func TestMain(m *testing.M) { e2e.Main(m) }
